import { prefixOf } from '@pawl/core'
import type { Rule } from './rule.ts'
import { advance, nothing, theft, unlessEnded } from './verdicts.ts'

/**
 * The published confirm-on-use rule: the first use of a child, whether it is refreshed with or its
 * access token is seen anywhere, retires the parent at once and for good; siblings are theft.
 */
export const confirmOnUse: Rule = {
  name: 'confirm-on-use',
  settings: { raceWindowMs: 0, settlingMs: 0 },
  mints: 'fresh',
  decideRefresh: unlessEnded((session, token, { nowMs }) => {
    if (token.hash2 === session.curHash2) return { kind: 'grant', rule: 'current', rotation: null }
    if (token.parentHash2 !== session.curHash2) return theft(session)
    return { kind: 'grant', rule: 'advance', rotation: advance(session, token, nowMs) }
  }),
  decideUse: (session, lineage, { nowMs }) => {
    if (session === undefined || session.revokedAtMs !== null) return nothing
    if (lineage.parent === null || lineage.parent !== prefixOf(session.curHash2)) return nothing
    return { kind: 'advance', rotation: advance(session, lineage, nowMs) }
  },
}
