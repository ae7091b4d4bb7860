import { CHILD, type Rule } from './rule.ts'
import { nothing, theft, unlessEnded } from './verdicts.ts'

/** How long the superseded token is still answered, in milliseconds. */
const GRACE_MS = 30_000

/**
 * The usual rule of the field: a refresh rotates at once; for 30 s the token just superseded is
 * answered with the same successor again, and is theft afterwards.
 */
export const grace: Rule = {
  name: 'grace-30s',
  settings: { raceWindowMs: GRACE_MS, settlingMs: 0 },
  mints: 'successor',
  decideRefresh: unlessEnded((session, token, { nowMs }) => {
    if (token.hash2 === session.curHash2) {
      const next = {
        generation: session.generation + 1,
        curHash2: CHILD,
        curMintedAtMs: nowMs,
        prevHash2: session.curHash2,
        confirmedAtMs: nowMs,
      }
      const rotation = { expected: session.curHash2, next, nowMs }
      return { kind: 'grant', rule: 'advance', rotation }
    }
    const inGrace = nowMs <= session.confirmedAtMs + GRACE_MS
    if (token.hash2 !== session.prevHash2 || !inGrace) return theft(session)
    return { kind: 'grant', rule: 'late', rotation: null }
  }),
  decideUse: () => nothing,
}
