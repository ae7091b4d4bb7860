import type { TenantEntry } from '@pawl/protocol'
import { nativeNameOf, wireNameOf } from '../names.ts'
import { tenantBody } from '../tenant-body.ts'
import { defineRoute, type WireCall } from '../wire-call.ts'
import { json, refusal, text, type WireAnswer } from '../wire-reply.ts'

const PAGE_TENANTS = 500
const DEFAULT_TENANT = 'default'
const NAMES =
  'tenantId must be 1 to 64 of a-z, 0-9 and -, beginning and ending with a letter or digit'

const CREATE = { tenantId: 'string?', coreConfig: 'object?' } as const

/** `PUT /recipe/multitenancy/tenant` and `…/tenant/v2`: creates a tenant, or leaves it as it is. */
export const putTenant = defineRoute({
  scope: 'tenant',
  fields: CREATE,
  async run(call) {
    const name = nativeNameOf(call.fields.tenantId ?? wireNameOf(DEFAULT_TENANT))
    if (name === undefined) return text(400, NAMES)
    if (name === DEFAULT_TENANT) return json({ status: 'OK', createdNew: false })
    const outcome = await call.native.putTenant({ name, settings: {}, version: 0 })
    if (outcome.kind === 'ok') return json({ status: 'OK', createdNew: true })
    const isThere = outcome.code === 'already_exists' || outcome.code === 'version_conflict'
    return isThere ? json({ status: 'OK', createdNew: false }) : refusal(outcome)
  },
})

/** `GET /<tenant>/recipe/multitenancy/tenant`. */
export const getOldTenant = defineRoute({
  scope: 'tenant',
  fields: {},
  run: (call) => readTenant(call, 'old'),
})

/** `GET /<tenant>/recipe/multitenancy/tenant/v2`. */
export const getTenant = defineRoute({
  scope: 'tenant',
  fields: {},
  run: (call) => readTenant(call, 'v2'),
})

/** `GET /recipe/multitenancy/tenant/list`. */
export const listOldTenants = defineRoute({
  scope: 'app',
  fields: {},
  run: (call) => listAll(call, 'old'),
})

/** `GET /recipe/multitenancy/tenant/list/v2`. */
export const listTenants = defineRoute({
  scope: 'app',
  fields: {},
  run: (call) => listAll(call, 'v2'),
})

/** `POST /recipe/multitenancy/tenant/remove`: its sessions end first. */
export const removeTenant = defineRoute({
  scope: 'app',
  fields: { tenantId: 'string' },
  async run(call) {
    const name = nativeNameOf(call.fields.tenantId)
    if (name === DEFAULT_TENANT) return text(403, 'Cannot delete public tenant')
    if (name === undefined) return json({ status: 'OK', didExist: false })
    const outcome = await call.native.removeTenant({ name })
    if (outcome.kind === 'refused') return refusal(outcome)
    return json({ status: 'OK', didExist: outcome.value.removed })
  },
})

async function readTenant(
  call: Pick<WireCall, 'native' | 'tenant'>,
  style: 'old' | 'v2',
): Promise<WireAnswer> {
  const outcome = await call.native.getTenant({ name: call.tenant })
  if (outcome.kind === 'ok') return json({ status: 'OK', ...tenantBody(outcome.value.name, style) })
  return outcome.code === 'tenant_unknown'
    ? json({ status: 'TENANT_NOT_FOUND_ERROR' })
    : refusal(outcome)
}

async function listAll(call: Pick<WireCall, 'native'>, style: 'old' | 'v2'): Promise<WireAnswer> {
  const entries: TenantEntry[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<WireCall['native']['listTenants']>> =
      await call.native.listTenants({
        limit: PAGE_TENANTS,
        ...(after === null ? {} : { after }),
      })
    if (page.kind === 'refused') return refusal(page)
    entries.push(...page.value.tenants)
    after = page.value.next
  } while (after !== null)
  return json({ status: 'OK', tenants: entries.map(({ name }) => tenantBody(name, style)) })
}
