import type { EpochMs } from './ids.ts'
import type { Session } from './session.ts'

/** Why a row no longer counts, or null while it lives. */
export type Ended = 'revoked' | 'absolute' | 'idle'

/**
 * Whether a session has ended, as seen by a token minted at `mintedAtMs`. A token witnesses its own
 * minting: the session is idle only if both the row and the token are older than the idle timeout,
 * so that a refresh which changes no row needs no write (rotation protocol, "Activity, expiry").
 */
export function endedFor(session: Session, mintedAtMs: EpochMs, nowMs: EpochMs): Ended | null {
  if (session.revokedAtMs !== null) return 'revoked'
  if (nowMs >= session.absoluteExpiresAtMs) return 'absolute'
  const idleAtMs = Math.max(session.idleExpiresAtMs, mintedAtMs + session.idleTimeoutMs)
  return nowMs > idleAtMs ? 'idle' : null
}

/** When a session touched at `nowMs` falls idle: never past its absolute expiry. */
export function idleExpiryFrom(
  session: Pick<Session, 'idleTimeoutMs' | 'absoluteExpiresAtMs'>,
  nowMs: EpochMs,
): EpochMs {
  return Math.min(nowMs + session.idleTimeoutMs, session.absoluteExpiresAtMs) as EpochMs
}

/**
 * When a row may be deleted: one idle period after it fell idle (a token of it may be one period
 * younger than the row), or at its absolute expiry, whichever comes first.
 */
export function sweepableAtMs(
  session: Pick<Session, 'idleExpiresAtMs' | 'idleTimeoutMs' | 'absoluteExpiresAtMs'>,
): EpochMs {
  const idleSweepMs = session.idleExpiresAtMs + session.idleTimeoutMs
  return Math.min(idleSweepMs, session.absoluteExpiresAtMs) as EpochMs
}
