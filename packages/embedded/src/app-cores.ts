import { type AppId, type CoreDeps, makeCore, StoreError, type TenantId } from '@pawl/core'
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
    const core = cores.get(app) ?? openCore(deps, directory, app)
    cores.set(app, core)
    return core
  }
}

function openCore(deps: CoreDeps, directory: AppDirectory, app: AppId): CoreApi {
  const core = makeCore({
    ...deps,
    app,
    get settings() {
      const settings = directory.settingsOf(app)
      // Removed while a request was under way: nothing is known, so nothing is answered.
      if (settings === undefined) throw new StoreError('closed', `the app ${app} was removed`)
      return settings
    },
    findTenant: async (tenant: TenantId) => directory.tenantSettingsOf(app, tenant),
  })
  const guarded = (Object.keys(ROUTES) as Operation[]).map((operation) => {
    const call = core[operation] as (request: unknown) => Promise<unknown>
    const guard = async (request: unknown) =>
      directory.settingsOf(app) === undefined ? refuse('app_unknown') : call(request)
    return [operation, guard]
  })
  return { ...core, ...Object.fromEntries(guarded) }
}
