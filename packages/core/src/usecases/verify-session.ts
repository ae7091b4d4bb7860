import {
  type Outcome,
  ok,
  type ParsedRequestOf,
  refuse,
  type VerifiedSession,
} from '@pawl/protocol'
import { decideStanding } from '../domain/rotation.ts'
import type { AppContext } from './deps.ts'
import { refusedSession, verifiedOf } from './views.ts'

/**
 * Verifies an access token at the core: seal or signature, app, expiry; with `checkStore`, or for
 * an opaque token, also that the session lives and the grant still stands. Never writes. Refuses
 * `access_token_invalid`, `access_token_expired`, `refresh_first`, `session_ended`.
 */
export async function verifySession(
  context: AppContext,
  request: ParsedRequestOf<'verifySession'>,
): Promise<Outcome<VerifiedSession>> {
  const token = await context.accessTokens.open(context.app, request.accessToken)
  if (token === undefined) return refuse('access_token_invalid')
  const nowMs = context.clock.nowMs()
  if (nowMs >= token.expiresAtMs) return refuse('access_token_expired')
  if (!request.checkStore && token.kind === 'jwt') return ok(verifiedOf(token, undefined))

  const session = await context.store.find(token)
  const settings = context.settings.rotation
  const standing = decideStanding(session, token.lineage, { nowMs, settings })
  switch (standing.kind) {
    case 'stands':
      return ok(verifiedOf(token, session))
    case 'refresh-first':
      return refuse('refresh_first')
    case 'reject': {
      if (session === undefined) return refuse('session_ended')
      const reason =
        standing.reason === 'revoked' ? (session.endReason ?? 'revoked') : standing.reason
      return refuse('session_ended', undefined, { session: refusedSession(session, reason) })
    }
  }
}
