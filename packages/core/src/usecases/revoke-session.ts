import { type Outcome, ok, type ParsedRequestOf, type ResponseOf, refuse } from '@pawl/protocol'
import type { EpochMs, SessionHandle, TenantId, UserId } from '../domain/ids.ts'
import type { EndReason, SessionKey } from '../domain/session.ts'
import type { AppContext } from './deps.ts'
import { revokeOnce } from './revoke-once.ts'

/** Ends one session, if it lives; true if this call ended it. */
export async function endSession(
  context: AppContext,
  key: SessionKey,
  reason: EndReason,
): Promise<boolean> {
  const { app, tenant, handle } = key
  const session = await context.store.find({ app, tenant, handle })
  if (session === undefined || session.revokedAtMs !== null) return false
  const nowMs = context.clock.nowMs()
  const { userId } = session
  const tell = () => {
    context.emit({ app, tenant, handle, userId, atMs: nowMs, kind: 'ended', reason })
  }
  return revokeOnce(context, key, { reason, nowMs, tell })
}

/** Ends a session by its handle. Idempotent: ending it twice is no error. */
export async function revokeSession(
  context: AppContext,
  request: ParsedRequestOf<'revokeSession'>,
): Promise<Outcome<ResponseOf<'revokeSession'>>> {
  const key = {
    app: context.app,
    tenant: request.tenant as TenantId,
    handle: request.handle as SessionHandle,
  }
  return ok({ revoked: await endSession(context, key, 'revoked') })
}

/**
 * Ends many sessions at once: with `userId` all of the user's but `except`; with `createdBeforeMs`
 * those created at or before it; without `userId` a whole tenant's. Answers the handles it ended
 * where they are known (not for a cut-off, which costs the same for one session and a million).
 * Refuses `invalid_request` where neither user nor tenant is named: a field that was left out by
 * mistake must not end everything; and `tenant_unknown`.
 */
export async function revokeSessions(
  context: AppContext,
  request: ParsedRequestOf<'revokeSessions'>,
): Promise<Outcome<ResponseOf<'revokeSessions'>>> {
  const fault = faultOfScope(request)
  if (fault !== null) return refuse('invalid_request', fault)
  const tenant = (request.tenant ?? 'default') as TenantId
  if ((await context.findTenant(tenant)) === undefined) return refuse('tenant_unknown')
  const nowMs = context.clock.nowMs()
  const { app } = context
  const reason = 'revoked'
  if (request.userId === undefined || request.createdBeforeMs !== undefined) {
    const userId = (request.userId ?? null) as UserId | null
    const beforeMs = Math.min(request.createdBeforeMs ?? nowMs, nowMs) as EpochMs
    await context.store.revokeBefore({ app, tenant, userId }, { beforeMs, reason, nowMs })
    return ok({ handles: [] })
  }
  const userId = request.userId as UserId
  const except = (request.except ?? null) as SessionHandle | null
  const user = { app, tenant, userId }
  const handles = await context.store.revokeByUser(user, { reason, nowMs, except })
  for (const handle of handles) {
    context.emit({ app, tenant, handle, userId, atMs: nowMs, kind: 'ended', reason })
  }
  return ok({ handles: [...handles] })
}

function faultOfScope(request: ParsedRequestOf<'revokeSessions'>): string | null {
  const { userId, tenant, except, createdBeforeMs } = request
  if (userId === undefined && tenant === undefined) {
    return 'userId, tenant: one of them must say whose sessions end'
  }
  if (except === undefined) return null
  if (userId === undefined) return 'except: goes with a userId'
  return createdBeforeMs === undefined ? null : 'except: does not go with createdBeforeMs'
}

/**
 * Ends every session that the presented tokens belong to, expired tokens included: a seal or a
 * signature of ours is enough. Repeating it, or presenting nothing known, is no error.
 */
export async function signOut(
  context: AppContext,
  request: ParsedRequestOf<'signOut'>,
): Promise<Outcome<ResponseOf<'signOut'>>> {
  const keys = new Map<string, SessionKey>()
  const remember = (key: SessionKey | undefined): void => {
    if (key !== undefined && key.app === context.app) keys.set(`${key.tenant} ${key.handle}`, key)
  }
  for (const token of request.refreshTokens) remember(context.refreshTokens.open(token))
  if (request.accessToken !== undefined) {
    remember(await context.accessTokens.open(context.app, request.accessToken))
  }
  const handles: string[] = []
  for (const key of keys.values()) {
    if (await endSession(context, key, 'sign-out')) handles.push(key.handle)
  }
  return ok({ handles })
}
