import { type Outcome, ok, refuse, type SessionView } from '@pawl/protocol'
import type { EpochMs } from '../domain/ids.ts'
import { decideStanding, decideUse } from '../domain/rotation.ts'
import type { Session } from '../domain/session.ts'
import type { OpenedAccessToken } from '../ports/tokens.ts'
import type { AppContext } from './deps.ts'
import { accessExpiryFrom } from './make-grant.ts'
import { refusedSession, viewOf } from './views.ts'

/** An access token issued anew, and its session as the row has it. */
export interface RenewedToken {
  readonly session: SessionView
  readonly accessToken: { readonly token: string; readonly expiresAtMs: number }
  /** Whether the row has the grant as current: the token then names no parent any more. */
  readonly isConfirmed: boolean
}

/**
 * Issues an access token anew with the claims of the row, if its grant still stands. `settle`: the
 * call counts as a use at this moment, and the token of a confirmed grant gets a life of its own;
 * else it keeps its expiry. Refuses `access_token_invalid`, `access_token_expired`,
 * `refresh_first`, `session_ended`, `token_too_large`.
 */
export async function renewAccessToken(
  context: AppContext,
  request: { readonly accessToken: string; readonly settle: boolean },
): Promise<Outcome<RenewedToken>> {
  const token = await context.accessTokens.open(context.app, request.accessToken)
  if (token === undefined) return refuse('access_token_invalid')
  const nowMs = context.clock.nowMs()
  if (nowMs >= token.expiresAtMs) return refuse('access_token_expired')
  const found = await context.store.find(token)
  const session = request.settle ? await settleUse(context, { found, token, nowMs }) : found
  const settings = context.settings.rotation
  const standing = decideStanding(session, token.lineage, { nowMs, settings })
  if (standing.kind === 'refresh-first') return refuse('refresh_first')
  if (session === undefined) return refuse('session_ended')
  if (standing.kind === 'reject') {
    const reason =
      standing.reason === 'revoked' ? (session.endReason ?? 'revoked') : standing.reason
    return refuse('session_ended', undefined, { session: refusedSession(session, reason) })
  }
  const isConfirmed = session.curHash2 === token.lineage.hash2
  const lineage = isConfirmed ? { ...token.lineage, parent: null } : token.lineage
  const isFresh = request.settle && isConfirmed
  const expiresAtMs = isFresh ? accessExpiryFrom(context, session, nowMs) : token.expiresAtMs
  const renewed = await context.accessTokens.mint({ session, lineage, nowMs, expiresAtMs })
  if (renewed === undefined) return refuse('token_too_large')
  const accessToken = { token: renewed, expiresAtMs }
  return ok({ session: viewOf(session), accessToken, isConfirmed })
}

/** The row after this use has confirmed its grant, as far as the rule lets it. */
async function settleUse(
  context: AppContext,
  use: {
    readonly found: Session | undefined
    readonly token: OpenedAccessToken
    readonly nowMs: EpochMs
  },
): Promise<Session | undefined> {
  const { found, token, nowMs } = use
  const settings = context.settings.rotation
  const { lineage } = token
  const decision = decideUse(found, lineage, { nowMs, settings, firstSeenAtMs: nowMs })
  if (decision.kind === 'nothing') return found
  const outcome = await context.store.rotate(token, decision.rotation)
  if (outcome?.advanced !== true) return outcome?.session
  const { app, tenant, handle, userId, generation } = outcome.session
  context.emit({ app, tenant, handle, userId, atMs: nowMs, kind: 'confirmed', generation })
  return outcome.session
}
