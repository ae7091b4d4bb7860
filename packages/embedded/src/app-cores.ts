import {
  type AppContext,
  type AppId,
  type AppSettings,
  type CoreDeps,
  isStoreError,
  makeCore,
  StoreError,
  type TenantId,
} from '@pawl/core'
import {
  type CoreApi,
  LIMITS,
  type Operation,
  type Outcome,
  type Refusal,
  ROUTES,
  refuse,
} from '@pawl/protocol'
import type { AppDirectory } from './app-registry.ts'

/** What refuses a removed app, and gets to know what is new. */
interface Guards {
  readonly directory: AppDirectory
  /** Gets to know the apps and tenants of refresh tokens; true if one of them was new here. */
  readonly meet: (refreshTokens: readonly string[]) => Promise<boolean>
}

/** How long a caller waits after `unavailable`, in seconds. */
const RETRY_AFTER_SECONDS = 1

/**
 * The API of each app that there is. An API that somebody still holds when its app is removed
 * refuses everything: `app_unknown`; that of an app which cannot be read, `unavailable`.
 */
export function appCores(deps: CoreDeps, guards: Guards): (app: AppId) => CoreApi | undefined {
  const { directory } = guards
  const cores = new Map<AppId, CoreApi>()
  return (app) => {
    if (!directory.apps().has(app)) {
      cores.delete(app)
      return undefined
    }
    const core = cores.get(app) ?? guardedCore(contextOf(deps, directory, { app }), guards)
    cores.set(app, core)
    return core
  }
}

/** The context of an app's use cases; `adjust` changes the settings on their way. */
export function contextOf(
  deps: CoreDeps,
  directory: AppDirectory,
  of: { readonly app: AppId; readonly adjust?: (settings: AppSettings) => AppSettings },
): AppContext {
  const { app, adjust = (settings) => settings } = of
  return {
    ...deps,
    app,
    get settings() {
      const settings = directory.settingsOf(app)
      // Removed while a request was under way: nothing is known, so nothing is answered.
      if (settings === undefined) throw new StoreError('closed', `the app ${app} was removed`)
      return adjust(settings)
    },
    findTenant: async (tenant: TenantId) => {
      const settings = directory.tenantSettingsOf(app, tenant)
      return settings && adjust(settings)
    },
  }
}

/**
 * The API over a context; it refuses everything once the app is gone. A refresh token of an app or
 * tenant that is unknown here is not refused, nor passed over at a sign-out, before the store was
 * asked for the names.
 */
export function guardedCore(context: AppContext, { directory, meet }: Guards): CoreApi {
  const core = makeCore(context)
  const refusalOf = (error: unknown): Refusal => refuseUnknowable(context, error)
  const guarded = (Object.keys(ROUTES) as Operation[]).map((operation) => {
    const call = core[operation] as Call
    const guard: Call = async (request) => {
      try {
        const isGone = directory.settingsOf(context.app) === undefined
        return isGone ? refuse('app_unknown') : await call(request)
      } catch (error) {
        return refusalOf(error)
      }
    }
    return [operation, guard]
  })
  const api: CoreApi = { ...core, ...Object.fromEntries(guarded) }
  const known = (request: Parameters<typeof textsIn>[0]) => meet(textsIn(request))
  return {
    ...api,
    refreshSession(request) {
      // Of several the newest counts: none may be missing from the start.
      if (request?.refreshTokens?.length > 1) {
        return known(request).then(() => api.refreshSession(request), refusalOf)
      }
      return api.refreshSession(request).then((outcome) => {
        if (outcome.kind === 'ok' || outcome.code !== 'refresh_token_invalid') return outcome
        const again = (isAnyNew: boolean) => (isAnyNew ? api.refreshSession(request) : outcome)
        return known(request).then(again, refusalOf)
      })
    },
    signOut: (request) => known(request).then(() => api.signOut(request), refusalOf),
  }
}

type Call = (request: unknown) => Promise<Outcome<unknown>>

/** What is said where nobody can tell which apps and tenants there are. */
function refuseUnknowable({ onStoreError }: Pick<AppContext, 'onStoreError'>, error: unknown) {
  if (!isStoreError(error)) throw error
  onStoreError?.(error)
  const retryAfterSeconds = RETRY_AFTER_SECONDS
  return refuse('unavailable', `the apps and tenants are ${error.kind}`, { retryAfterSeconds })
}

/** The refresh tokens of a request that nobody has parsed yet. */
function textsIn(request: { readonly refreshTokens?: unknown } | null): readonly string[] {
  const refreshTokens = request?.refreshTokens
  if (!Array.isArray(refreshTokens)) return []
  return refreshTokens.slice(0, LIMITS.refreshTokens).filter((text) => typeof text === 'string')
}
