import type { Rotation, Session } from '@pawl/core'

/**
 * The conditions of the one write of a rotation, on a row that was read, cut-offs folded in. For a
 * write that let a row be which should have moved: the row changed between the write and the read,
 * and both are to be done again.
 */
export function shouldHaveMoved(session: Session, { expected, next, nowMs }: Rotation): boolean {
  const { idleExpiresAtMs, idleTimeoutMs } = session
  const isIdle = nowMs > Math.max(idleExpiresAtMs, next.curMintedAtMs + idleTimeoutMs)
  return (
    session.curHash2 === expected &&
    session.revokedAtMs === null &&
    nowMs < session.absoluteExpiresAtMs &&
    !isIdle
  )
}
