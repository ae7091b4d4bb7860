import {
  type AppContext,
  type AppId,
  type AppSettings,
  type CoreDeps,
  makeCore,
  StoreError,
  type TenantId,
} from '@pawl/core'
import { type CoreApi, type Operation, ROUTES, refuse } from '@pawl/protocol'
import type { AppDirectory } from './app-registry.ts'

/**
 * The API of each app that there is. An API that somebody still holds when its app is removed
 * refuses everything: `app_unknown`.
 */
export function appCores(
  deps: CoreDeps,
  directory: AppDirectory,
): (app: AppId) => CoreApi | undefined {
  const cores = new Map<AppId, CoreApi>()
  return (app) => {
    if (directory.settingsOf(app) === undefined) {
      cores.delete(app)
      return undefined
    }
    const core = cores.get(app) ?? guardedCore(contextOf(deps, directory, { app }), directory)
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

/** The API over a context; it refuses everything once the app is gone. */
export function guardedCore(context: AppContext, directory: AppDirectory): CoreApi {
  const core = makeCore(context)
  const guarded = (Object.keys(ROUTES) as Operation[]).map((operation) => {
    const call = core[operation] as (request: unknown) => Promise<unknown>
    const guard = async (request: unknown) =>
      directory.settingsOf(context.app) === undefined ? refuse('app_unknown') : call(request)
    return [operation, guard]
  })
  return { ...core, ...Object.fromEntries(guarded) }
}
