import {
  type Outcome,
  ok,
  type ParsedRequestOf,
  type ResponseOf,
  refuse,
  type SessionInfo,
} from '@pawl/protocol'
import { endedFor } from '../domain/expiry.ts'
import type { SessionHandle, TenantId, UserId } from '../domain/ids.ts'
import type { AppContext } from './deps.ts'
import { infoOf } from './views.ts'

/** Reads a live session with its data. Refuses `session_not_found`. */
export async function getSession(
  context: AppContext,
  request: ParsedRequestOf<'getSession'>,
): Promise<Outcome<SessionInfo>> {
  const session = await context.store.find({
    app: context.app,
    tenant: request.tenant as TenantId,
    handle: request.handle as SessionHandle,
  })
  if (session === undefined) return refuse('session_not_found')
  const ended = endedFor(session, session.curMintedAtMs, context.clock.nowMs())
  return ended === null ? ok(infoOf(session)) : refuse('session_not_found')
}

/** Lists the live sessions of a user, oldest first, a page at a time. Refuses `tenant_unknown`. */
export async function listSessions(
  context: AppContext,
  request: ParsedRequestOf<'listSessions'>,
): Promise<Outcome<ResponseOf<'listSessions'>>> {
  const { userId, tenant, limit, after } = request
  // "No session" of a tenant that was mistyped would be taken for an all-clear.
  if ((await context.findTenant(tenant as TenantId)) === undefined) return refuse('tenant_unknown')
  const user = { app: context.app, tenant: tenant as TenantId, userId: userId as UserId }
  const page = { nowMs: context.clock.nowMs(), limit, after: after ?? null }
  const { sessions, next } = await context.store.listByUser(user, page)
  return ok({ sessions: sessions.map(infoOf), next })
}
