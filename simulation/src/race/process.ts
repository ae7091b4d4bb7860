import type { Rotation, Session } from '@pawl/core'
import { decideStanding, proposeAdvance } from '@pawl/core'
import type { Rule } from '../rules/rule.ts'
import { type Call, RACE_NOW_MS, type RaceToken } from './calls.ts'

/** What a step of a call did to the row, and whether the call is now over. */
export interface Step {
  readonly session: Session
  /** The outcome, once there is one; null while the call goes on. */
  readonly outcome: string | null
  /** What the process now believes of the row. */
  readonly seen: Session
}

/** How a store applies a rotation. The real ones are conditional; the other shows why. */
export type StoreKind = 'conditional' | 'unconditional'

/** What calls run on. */
export interface Ground {
  readonly rule: Rule
  readonly store: StoreKind
}

/**
 * First step of a call: one round trip that reads the row, and at once tries what the token alone
 * can justify.
 */
export function firstStep(ground: Ground, session: Session, call: Call): Step {
  if (call.kind === 'revoke') return revoke(session)
  if (call.kind === 'check')
    return { session, seen: session, outcome: check(ground, session, call) }
  const proposal = call.kind === 'refresh' ? proposeAdvance(call.token, RACE_NOW_MS) : undefined
  if (proposal === undefined || !applies('conditional', session, proposal)) {
    return { session, seen: session, outcome: null }
  }
  const advanced = written(session, proposal)
  return { session: advanced, seen: advanced, outcome: 'grant advance' }
}

/** The row as it is in the store, and as a process last saw it. */
export interface Views {
  readonly session: Session
  readonly seen: Session
}

/** Every later step: decide on the row last seen, then swap; a lost swap tells the row as it is. */
export function nextStep(ground: Ground, { session, seen }: Views, call: Call): Step {
  const { rule } = ground
  const context = { nowMs: RACE_NOW_MS, settings: rule.settings, provenKey: null }
  if (call.kind === 'use') {
    const decision = rule.decideUse(seen, lineageOf(call.token), {
      ...context,
      firstSeenAtMs: RACE_NOW_MS,
    })
    if (decision.kind === 'nothing') return { session, seen, outcome: 'nothing' }
    // Best effort, as in production: a report that comes too late for its row is dropped.
    const swapped = swap(ground, session, { rotation: decision.rotation, outcome: 'advance' })
    return swapped.outcome === null ? { ...swapped, outcome: 'nothing' } : swapped
  }
  if (call.kind !== 'refresh') throw new Error('a revocation and a check take one step')
  const decision = rule.decideRefresh(seen, call.token, context)
  if (decision.kind === 'reject') return { session, seen, outcome: `reject ${decision.reason}` }
  if (decision.kind === 'grant') {
    const outcome = `grant ${decision.rule}`
    const { rotation } = decision
    if (rotation === null) return { session, seen, outcome }
    return swap(ground, session, { rotation, outcome })
  }
  const isJudged = session.revokedAtMs === null && session.curHash2 === decision.judged
  if (!isJudged) return { session, seen: session, outcome: null }
  const ended: Session = { ...session, revokedAtMs: RACE_NOW_MS, endReason: 'theft' }
  return { session: ended, seen: ended, outcome: 'theft' }
}

function swap(
  { store }: Ground,
  session: Session,
  { rotation, outcome }: { readonly rotation: Rotation; readonly outcome: string },
): Step {
  if (!applies(store, session, rotation)) return { session, seen: session, outcome: null }
  const next = written(session, rotation)
  return { session: next, seen: next, outcome }
}

function applies(store: StoreKind, session: Session, rotation: Rotation): boolean {
  if (store === 'unconditional') return true
  return session.revokedAtMs === null && session.curHash2 === rotation.expected
}

function written(session: Session, { next }: Rotation): Session {
  return { ...session, ...next }
}

function revoke(session: Session): Step {
  if (session.revokedAtMs !== null) return { session, seen: session, outcome: 'ended before' }
  const ended: Session = { ...session, revokedAtMs: RACE_NOW_MS, endReason: 'revoked' }
  return { session: ended, seen: ended, outcome: 'ended' }
}

function check({ rule }: Ground, session: Session, call: { readonly token: RaceToken }): string {
  const context = { nowMs: RACE_NOW_MS, settings: rule.settings }
  return decideStanding(session, lineageOf(call.token), context).kind
}

function lineageOf({ hash2, parentHash2, generation, mintedAtMs }: RaceToken) {
  return { hash2, parent: parentHash2 as never, generation, mintedAtMs }
}
