import type { CoreApi, Outcome } from '@pawl/protocol'
import { ok } from '@pawl/protocol'
import { parseWireHandle, wireHandleOf } from '../names.ts'
import { defineRoute, type WireCall } from '../wire-call.ts'
import { json, refusal, text } from '../wire-reply.ts'

const PAGE_SESSIONS = 500
/** A user with more sessions than these is listed in part; ending them ends all. */
const PAGES_MAX = 20
/** Most handles of one request. */
const HANDLES_MAX = 1_000
const DEFAULT_TENANT = 'default'
const NOT_BELOW_TENANT = 'Only public tenantId can call this app specific API'

/** `GET /recipe/session/user`: the handles of a user's sessions. */
export const listSessions = defineRoute({
  scope: 'tenant',
  fields: {
    userId: 'string',
    fetchAcrossAllTenants: 'boolean?',
    fetchSessionsForAllLinkedAccounts: 'boolean?',
  },
  async run(call) {
    const { userId, fetchAcrossAllTenants: isWide = true } = call.fields
    if (isRefusedWide(call, isWide)) return text(403, NOT_BELOW_TENANT)
    const tenants = isWide ? call.context.core.tenantsOf(call.app) : [call.tenant]
    const handles: string[] = []
    for (const tenant of tenants) {
      const found = await handlesOf(call.native, { userId, tenant })
      if (found.kind === 'refused') return refusal(found)
      handles.push(...found.value.map((handle) => wireHandleOf({ handle, tenant })))
    }
    return json({ status: 'OK', sessionHandles: handles })
  },
})

/** `POST /recipe/session/remove`: ends sessions by their handles, or those of a user. */
export const removeSessions = defineRoute({
  scope: 'tenant',
  fields: {
    sessionHandles: 'strings?',
    userId: 'string?',
    revokeAcrossAllTenants: 'boolean?',
    revokeSessionsForLinkedAccounts: 'boolean?',
  },
  async run(call) {
    const { sessionHandles, userId, revokeAcrossAllTenants } = call.fields
    const hasFlag =
      revokeAcrossAllTenants !== undefined ||
      call.fields.revokeSessionsForLinkedAccounts !== undefined
    if ((sessionHandles === undefined) === (userId === undefined)) {
      return text(400, 'Invalid JSON input - use one of userId or sessionHandles array')
    }
    if (sessionHandles !== undefined) {
      if (hasFlag) return text(400, 'Invalid JSON input - flags go with userId only')
      if (sessionHandles.length > HANDLES_MAX) {
        return text(400, `Invalid JSON input - at most ${HANDLES_MAX} sessionHandles`)
      }
      const revoked = await revokeHandles(call.native, sessionHandles)
      if (revoked.kind === 'refused') return refusal(revoked)
      return json({ status: 'OK', sessionHandlesRevoked: revoked.value })
    }
    // Drivers that mean all tenants say so below any of them.
    const isWide = revokeAcrossAllTenants ?? true
    const revoked = await revokeUser(call, { userId: userId ?? '', isWide })
    if (revoked.kind === 'refused') return refusal(revoked)
    return json({ status: 'OK', sessionHandlesRevoked: revoked.value })
  },
})

/** `POST /user/remove`: there are no users here; their sessions end. */
export const removeUser = defineRoute({
  scope: 'app',
  fields: { userId: 'string' },
  async run(call) {
    const revoked = await revokeUser(call, { userId: call.fields.userId, isWide: true })
    return revoked.kind === 'refused' ? refusal(revoked) : json({ status: 'OK' })
  },
})

/** Newer versions take what concerns all tenants from the public one only. */
function isRefusedWide(call: Pick<WireCall, 'version' | 'tenant'>, isWide: boolean): boolean {
  return isWide && call.version.isStrict && call.tenant !== DEFAULT_TENANT
}

async function tenantsOf(
  call: Pick<WireCall, 'native' | 'tenant'>,
  isWide: boolean,
): Promise<Outcome<readonly string[]>> {
  if (!isWide) return ok([call.tenant])
  const names: string[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<CoreApi['listTenants']>> = await call.native.listTenants({
      limit: PAGE_SESSIONS,
      ...(after === null ? {} : { after }),
    })
    if (page.kind === 'refused') return page
    names.push(...page.value.tenants.map(({ name }) => name))
    after = page.value.next
  } while (after !== null)
  return ok(names)
}

async function handlesOf(
  core: CoreApi,
  user: { readonly userId: string; readonly tenant: string },
): Promise<Outcome<readonly string[]>> {
  const handles: string[] = []
  let after: string | null = null
  for (let count = 0; count < PAGES_MAX; count++) {
    const page: Awaited<ReturnType<CoreApi['listSessions']>> = await core.listSessions({
      ...user,
      limit: PAGE_SESSIONS,
      ...(after === null ? {} : { after }),
    })
    if (page.kind === 'refused') return page
    handles.push(...page.value.sessions.map(({ handle }) => handle))
    after = page.value.next
    if (after === null) break
  }
  return ok(handles)
}

async function revokeHandles(
  core: CoreApi,
  handles: readonly string[],
): Promise<Outcome<readonly string[]>> {
  const revoked: string[] = []
  for (const text of new Set(handles)) {
    const name = parseWireHandle(text)
    if (name === undefined) continue
    const outcome = await core.revokeSession(name)
    if (outcome.kind === 'refused') return outcome
    if (outcome.value.revoked) revoked.push(text)
  }
  return ok(revoked)
}

async function revokeUser(
  call: Pick<WireCall, 'native' | 'tenant'>,
  of: { readonly userId: string; readonly isWide: boolean },
): Promise<Outcome<readonly string[]>> {
  const { userId, isWide } = of
  const tenants = await tenantsOf(call, isWide)
  if (tenants.kind === 'refused') return tenants
  const revoked: string[] = []
  for (const tenant of tenants.value) {
    const outcome = await call.native.revokeSessions({ userId, tenant })
    if (outcome.kind === 'refused') return outcome
    revoked.push(...outcome.value.handles.map((handle) => wireHandleOf({ handle, tenant })))
  }
  return ok(revoked)
}
