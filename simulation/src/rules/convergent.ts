import type { Rule } from './rule.ts'
import { advance, nothing, theft, unlessEnded } from './verdicts.ts'

/**
 * A convergent rule: every token has one successor, and everybody who asks is given the same one.
 * Nobody is ever logged out by a race, and nobody who keeps in step is ever seen.
 */
export const convergent: Rule = {
  name: 'convergent',
  settings: { raceWindowMs: 0, settlingMs: 0 },
  mints: 'successor',
  decideRefresh: unlessEnded((session, token, { nowMs }) => {
    if (token.hash2 === session.curHash2) return { kind: 'grant', rule: 'current', rotation: null }
    if (token.parentHash2 === session.curHash2) {
      return { kind: 'grant', rule: 'advance', rotation: advance(session, token, nowMs) }
    }
    if (token.hash2 !== session.prevHash2) return theft(session)
    return { kind: 'grant', rule: 'late', rotation: null }
  }),
  decideUse: () => nothing,
}
