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
  type Grant,
  LIMITS,
  type Operation,
  type Outcome,
  type Refusal,
  type RequestOf,
  ROUTES,
  refuse,
} from '@pawl/protocol'
import type { AppDirectory } from './app-registry.ts'
import type { MeetTokens, MetTokens } from './present-tokens.ts'
import { withoutThefts } from './without-thefts.ts'

/** What refuses a removed app, and gets to know what is new. */
interface Guards {
  readonly directory: AppDirectory
  readonly meet: MeetTokens
}

/** How long a caller waits after `unavailable`, in seconds. */
const RETRY_AFTER_SECONDS = 1
/** Refusals of a refresh after which a client forgets its tokens. */
const ENDS_OF_REFRESH: ReadonlySet<string> = new Set(['refresh_token_invalid', 'session_ended'])

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
      let settings = directory.tenantSettingsOf(app, tenant)
      if (settings === undefined) {
        await directory.lookForUnknown()
        settings = directory.tenantSettingsOf(app, tenant)
      }
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
  const known = (request: Parameters<typeof textsIn>[0]) => meet(context.app, textsIn(request))
  const lenient = withoutThefts(context)

  /** Of several the newest counts: none may be missing from the start. */
  async function refreshSeveral(request: RequestOf<'refreshSession'>): Promise<Outcome<Grant>> {
    const { readable, trouble } = await known(request)
    if (readable.length === textsIn(request).length) return api.refreshSession(request)
    const readableOnes = { ...request, refreshTokens: [...readable] }
    if (trouble === undefined && readable.length > 0) return api.refreshSession(readableOnes)
    // One that cannot be judged may be the good one: until it can, no other ends anything.
    const outcome = readable.length > 0 ? await lenient.refreshSession(readableOnes) : undefined
    const isFinal = outcome?.kind === 'refused' && ENDS_OF_REFRESH.has(outcome.code)
    if (outcome !== undefined && !isFinal) return outcome
    throw trouble ?? new StoreError('corrupt', 'the apps of these tokens cannot be read')
  }

  return {
    ...api,
    refreshSession(request) {
      if (request?.refreshTokens?.length > 1) return refreshSeveral(request).catch(refusalOf)
      return api.refreshSession(request).then((outcome) => {
        if (outcome.kind === 'ok' || outcome.code !== 'refresh_token_invalid') return outcome
        const again = ({ isAnyNew, trouble }: MetTokens) => {
          if (trouble !== undefined) return refusalOf(trouble)
          return isAnyNew ? api.refreshSession(request) : outcome
        }
        return known(request).then(again, refusalOf)
      })
    },
    async signOut(request) {
      try {
        const { readable, trouble } = await known(request)
        if (readable.length === textsIn(request).length) return await api.signOut(request)
        const outcome = await api.signOut({ ...request, refreshTokens: [...readable] })
        return trouble === undefined || outcome.kind === 'refused' ? outcome : refusalOf(trouble)
      } catch (error) {
        return refusalOf(error)
      }
    },
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
