import type { PresentedToken, RefreshContext, Rotation, Session } from '@pawl/core'
import { ours } from '../src/rules/ours.ts'
import type { Rule } from '../src/rules/rule.ts'

/** Our rule with one thing wrong. */
export interface Mutant {
  /** What is wrong, as the end of a sentence: "a rule whose …". */
  readonly fault: string
  readonly rule: Rule
}

type Refresh = Rule['decideRefresh']

/** Judges by the real rule, then lets the mutation spoil the verdict. */
function mutant(fault: string, decideRefresh: Refresh, settings = ours.settings): Mutant {
  return { fault, rule: { ...ours, name: `mutant: ${fault}`, settings, decideRefresh } }
}

function isOver(session: Session | undefined): boolean {
  return session === undefined || session.revokedAtMs !== null
}

function converge(session: Session, x: PresentedToken, nowMs: RefreshContext['nowMs']): Rotation {
  const { prevHash2, confirmedAtMs } = session
  const moved = { generation: x.generation, curHash2: x.hash2, curMintedAtMs: x.mintedAtMs }
  return { expected: session.curHash2, next: { ...moved, prevHash2, confirmedAtMs }, nowMs }
}

/** The verdict of the real rule, unless it is `from`: then theft. */
function withoutRow(from: string): Refresh {
  return (session, x, context) => {
    const decision = ours.decideRefresh(session, x, context)
    if (session === undefined || decision.kind !== 'grant' || decision.rule !== from) {
      return decision
    }
    return { kind: 'theft', judged: session.curHash2 }
  }
}

/** The verdict of the real rule with the columns of one row's write changed. */
function withWrite(row: string, change: (rotation: Rotation, session: Session) => object): Refresh {
  return (session, x, context) => {
    const decision = ours.decideRefresh(session, x, context)
    if (session === undefined || decision.kind !== 'grant' || decision.rule !== row) return decision
    const { rotation } = decision
    if (rotation === null) return decision
    const next = { ...rotation.next, ...change(rotation, session) }
    return { ...decision, rotation: { ...rotation, next } }
  }
}

export const withoutConverge = mutant('row 3 is missing', withoutRow('converge'))
export const withoutLate = mutant('row 4 is missing', withoutRow('late'))
export const withoutHeal = mutant('row 5 is missing', withoutRow('heal'))

export const unboundedConverge = mutant('row 3 asks for no minting time', (session, x, context) => {
  const isSibling = x.parentHash2 !== null && x.parentHash2 === session?.prevHash2
  if (session === undefined || isOver(session) || !isSibling || x.hash2 === session.curHash2) {
    return ours.decideRefresh(session, x, context)
  }
  return { kind: 'grant', rule: 'converge', rotation: converge(session, x, context.nowMs) }
})

export const unboundedLate = mutant('row 4 has no end', (session, x, context) => {
  if (session === undefined || isOver(session) || x.hash2 !== session.prevHash2) {
    return ours.decideRefresh(session, x, context)
  }
  return { kind: 'grant', rule: 'late', rotation: null }
})

export const withoutTheft = mutant('row 6 grants a child', (session, x, context) => {
  const decision = ours.decideRefresh(session, x, context)
  return decision.kind === 'theft' ? { kind: 'grant', rule: 'late', rotation: null } : decision
})

export const eagerHeal = mutant('row 5 takes level tokens', (session, x, context) => {
  const decision = ours.decideRefresh(session, x, context)
  if (session === undefined || decision.kind !== 'theft' || x.parentHash2 === null) return decision
  if (x.generation < session.generation) return decision
  const rotation = converge(session, x, context.nowMs)
  const next = { ...rotation.next, prevHash2: x.parentHash2, confirmedAtMs: context.nowMs }
  return { kind: 'grant', rule: 'converge', rotation: { ...rotation, next } }
})

export const steppedConverge = mutant(
  'row 3 makes the loser the parent',
  withWrite('converge', (_, session) => ({ prevHash2: session.curHash2 })),
)

export const forgetfulUse: Mutant = {
  fault: 'a use forgets the parent',
  rule: {
    ...ours,
    name: 'mutant: a use forgets the parent',
    decideUse: (...use) => {
      const decision = ours.decideUse(...use)
      if (decision.kind === 'nothing') return decision
      const { rotation } = decision
      return { ...decision, rotation: { ...rotation, next: { ...rotation.next, prevHash2: null } } }
    },
  },
}

export const halfWindow = mutant('W is half an exchange', ours.decideRefresh, {
  ...ours.settings,
  raceWindowMs: ours.settings.raceWindowMs / 2,
})

export const noSettling = mutant('D is nothing', ours.decideRefresh, {
  ...ours.settings,
  settlingMs: 0,
})

export const shortSettling = mutant('D lacks the time to write the jar', ours.decideRefresh, {
  ...ours.settings,
  settlingMs: 2 * ours.settings.raceWindowMs,
})
