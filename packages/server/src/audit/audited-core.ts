import type { EmbeddedCore } from '@pawl/embedded'
import type { CoreApi, RequestOf } from '@pawl/protocol'
import type { AuditTeller } from './audit-fact.ts'

const DEFAULT_APP = 'default'

/** The core of all apps, which tells of each audited act that succeeded, whoever asked for it. */
export function auditedCore(core: EmbeddedCore, tell: AuditTeller): EmbeddedCore {
  const audited = new WeakMap<CoreApi, CoreApi>()
  const root: EmbeddedCore = {
    ...core,
    ...auditedActs(core, DEFAULT_APP, tell),
    app(name) {
      const own = core.app(name)
      if (own === undefined) return undefined
      const known = audited.get(own)
      if (known !== undefined) return known
      const made = { ...own, ...auditedActs(own, name, tell) }
      audited.set(own, made)
      return made
    },
  }
  return root
}

type Acts = Pick<CoreApi, 'putApp' | 'removeApp' | 'putTenant' | 'removeTenant' | 'revokeSessions'>

function auditedActs(core: CoreApi, app: string, tell: AuditTeller): Acts {
  return {
    async putApp(request) {
      const outcome = await core.putApp(request)
      if (outcome.kind === 'ok') {
        const { name, version } = outcome.value
        tell({ what: 'app-put', app: name, version })
      }
      return outcome
    },
    async removeApp(request) {
      const outcome = await core.removeApp(request)
      if (outcome.kind === 'ok' && outcome.value.removed) {
        tell({ what: 'app-removed', app: request.name })
      }
      return outcome
    },
    async putTenant(request) {
      const outcome = await core.putTenant(request)
      if (outcome.kind === 'ok') {
        const { name, version } = outcome.value
        tell({ what: 'tenant-put', app, tenant: name, version })
      }
      return outcome
    },
    async removeTenant(request) {
      const outcome = await core.removeTenant(request)
      if (outcome.kind === 'ok' && outcome.value.removed) {
        tell({ what: 'tenant-removed', app, tenant: request.name })
      }
      return outcome
    },
    async revokeSessions(request) {
      const outcome = await core.revokeSessions(request)
      if (outcome.kind === 'ok') tellOfEnd(request, { app, handles: outcome.value.handles, tell })
      return outcome
    },
  }
}

/** A cut-off knows no handles: how many it ended is not said then. */
function tellOfEnd(
  request: RequestOf<'revokeSessions'>,
  of: { readonly app: string; readonly handles: readonly string[]; readonly tell: AuditTeller },
): void {
  const { tenant = 'default', userId, except, createdBeforeMs } = request
  const isCounted = userId !== undefined && createdBeforeMs === undefined
  of.tell({
    ...{ what: 'sessions-revoked', app: of.app, tenant, except, createdBeforeMs },
    ...(userId === undefined ? {} : { userId }),
    ...(isCounted ? { count: of.handles.length } : {}),
  })
}
