import type {
  PresentedToken,
  RefreshContext,
  RefreshDecision,
  Rotation,
  Session,
  UseDecision,
} from '@pawl/core'
import type { Rule } from './rule.ts'

/** The verdict on a use that changes nothing. */
export const nothing: UseDecision = { kind: 'nothing' }

/** The alarm, as the wrong rules raise it. */
export function theft(session: Session): RefreshDecision {
  return { kind: 'theft', judged: session.curHash2 }
}

/** The rotation that makes a child of the current token current. */
export function advance(
  session: Session,
  child: Pick<PresentedToken, 'hash2' | 'generation' | 'mintedAtMs'>,
  nowMs: RefreshContext['nowMs'],
): Rotation {
  const next = {
    generation: child.generation,
    curHash2: child.hash2,
    curMintedAtMs: child.mintedAtMs,
    prevHash2: session.curHash2,
    confirmedAtMs: nowMs,
  }
  return { expected: session.curHash2, next, nowMs }
}

/** Row 0, as all the wrong rules have it: no row or a revoked one is refused, never theft. */
export function unlessEnded(
  judge: (session: Session, token: PresentedToken, context: RefreshContext) => RefreshDecision,
): Rule['decideRefresh'] {
  return (session, token, context) => {
    if (session === undefined) return { kind: 'reject', reason: 'not-found' }
    if (session.revokedAtMs !== null) return { kind: 'reject', reason: 'revoked' }
    return judge(session, token, context)
  }
}
