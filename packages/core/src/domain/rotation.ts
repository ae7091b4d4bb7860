import { type Ended, endedFor } from './expiry.ts'
import { type EpochMs, type KeyThumbprint, prefixOf, type SecretHash } from './ids.ts'
import type { Lineage, PresentedToken, RotationState, Session } from './session.ts'
import type { RotationSettings } from './settings.ts'

/** One conditional write: applied only while the row's current hash still equals `expected`. */
export interface Rotation {
  readonly expected: SecretHash
  readonly next: RotationState
  /** Time of the decision; the store derives the idle expiry from it. */
  readonly nowMs: EpochMs
}

/** Why the rule granted. `current` changes no row; the others are rows 2 to 5 of the rule. */
export type GrantRule = 'current' | 'advance' | 'converge' | 'late' | 'heal'

/** The verdict on a presented refresh token. */
export type RefreshDecision =
  | { readonly kind: 'reject'; readonly reason: Ended | 'not-found' | 'proof-required' }
  | { readonly kind: 'grant'; readonly rule: GrantRule; readonly rotation: Rotation | null }
  | { readonly kind: 'theft'; readonly judged: SecretHash }

/** What the caller of a refresh has proved, beside the token. */
export interface RefreshContext {
  readonly nowMs: EpochMs
  readonly settings: RotationSettings
  /** Thumbprint of the key whose proof was verified, or null without a proof. */
  readonly provenKey: KeyThumbprint | null
}

/**
 * THE ROTATION RULE. Judges a well-formed refresh token `x` against the session's row; the first
 * row that matches wins. Pure: the same arguments give the same decision.
 *
 * | # | condition                                                    | decision                    |
 * |---|--------------------------------------------------------------|-----------------------------|
 * | 0 | no row, revoked, expired, or a bound session without proof   | reject, never theft         |
 * | 1 | `x == cur`                                                   | grant                       |
 * | 2 | `parent(x) == cur`                                           | advance, grant              |
 * | 3 | `parent(x) == prev`, x minted within W of the race           | converge, grant             |
 * | 4 | `x == prev`, within W of the confirm                         | late: grant                 |
 * | 5 | x is two or more generations ahead: the store went back      | heal, grant                 |
 * | 6 | anything else                                                | theft                       |
 */
export function decideRefresh(
  session: Session | undefined,
  x: PresentedToken,
  context: RefreshContext,
): RefreshDecision {
  const { nowMs, settings, provenKey } = context
  if (session === undefined) return { kind: 'reject', reason: 'not-found' }
  const ended = endedFor(session, x.mintedAtMs, nowMs)
  if (ended !== null) return { kind: 'reject', reason: ended }
  if (session.keyThumbprint !== null && session.keyThumbprint !== provenKey) {
    return { kind: 'reject', reason: 'proof-required' }
  }
  if (x.hash2 === session.curHash2) return { kind: 'grant', rule: 'current', rotation: null }
  if (x.parentHash2 !== null && x.parentHash2 === session.curHash2) {
    return { kind: 'grant', rule: 'advance', rotation: advanceTo(session.curHash2, x, nowMs) }
  }
  if (isRacingSibling(session, x, settings)) {
    return { kind: 'grant', rule: 'converge', rotation: convergeTo(session, x, nowMs) }
  }
  if (isLateParent(session, x.hash2, context)) {
    return { kind: 'grant', rule: 'late', rotation: null }
  }
  if (x.parentHash2 !== null && x.generation >= session.generation + 2) {
    // As row 2 does, over a row that is further back than the token's parent.
    const healed = { ...advanceTo(x.parentHash2, x, nowMs), expected: session.curHash2 }
    return { kind: 'grant', rule: 'heal', rotation: healed }
  }
  return { kind: 'theft', judged: session.curHash2 }
}

/** What is known of a use, beside the lineage of the token. */
export interface UseContext extends Pick<RefreshContext, 'nowMs' | 'settings'> {
  /** When a back end first saw the token; never counted as later than `nowMs`. */
  readonly firstSeenAtMs: EpochMs
}

/** The verdict on a reported use of an access token. */
export type UseDecision =
  | { readonly kind: 'advance'; readonly rotation: Rotation }
  | { readonly kind: 'nothing' }

/**
 * Judges the use of an access token: the first settled use of an unconfirmed grant advances the
 * row as row 2 does. A use never converges and is never theft.
 */
export function decideUse(
  session: Session | undefined,
  lineage: Lineage,
  context: UseContext,
): UseDecision {
  const { nowMs, settings, firstSeenAtMs } = context
  if (session === undefined || endedFor(session, lineage.mintedAtMs, nowMs) !== null) {
    return { kind: 'nothing' }
  }
  if (lineage.parent === null || lineage.parent !== prefixOf(session.curHash2)) {
    return { kind: 'nothing' }
  }
  const seenAtMs = Math.min(firstSeenAtMs, nowMs)
  if (seenAtMs < lineage.mintedAtMs + settings.settlingMs) return { kind: 'nothing' }
  return { kind: 'advance', rotation: advanceTo(session.curHash2, lineage, nowMs) }
}

/** The verdict on an access token that is checked against the store. */
export type StandingDecision =
  | { readonly kind: 'stands' }
  | { readonly kind: 'refresh-first' }
  | { readonly kind: 'reject'; readonly reason: Ended | 'not-found' }

/**
 * Whether the grant an access token came with still stands: `cur`, a child of `cur`, or `prev` and
 * siblings while rows 3 and 4 would admit them. Anything else must refresh first; never theft.
 */
export function decideStanding(
  session: Session | undefined,
  lineage: Lineage,
  context: Pick<RefreshContext, 'nowMs' | 'settings'>,
): StandingDecision {
  const { nowMs, settings } = context
  if (session === undefined) return { kind: 'reject', reason: 'not-found' }
  const ended = endedFor(session, lineage.mintedAtMs, nowMs)
  if (ended !== null) return { kind: 'reject', reason: ended }
  const isCurrent = lineage.hash2 === session.curHash2
  const isChild = lineage.parent !== null && lineage.parent === prefixOf(session.curHash2)
  if (isCurrent || isChild || isLateParent(session, lineage.hash2, context)) {
    return { kind: 'stands' }
  }
  const isSibling =
    lineage.parent !== null &&
    session.prevHash2 !== null &&
    lineage.parent === prefixOf(session.prevHash2) &&
    mintedInRace(session, lineage.mintedAtMs, settings)
  return isSibling ? { kind: 'stands' } : { kind: 'refresh-first' }
}

/**
 * The rotation of row 2, from the token alone: what a store may try before the row was read, since
 * its condition (`parent(x) == cur`) is the write's own. Undefined for a root token.
 */
export function proposeAdvance(x: PresentedToken, nowMs: EpochMs): Rotation | undefined {
  return x.parentHash2 === null ? undefined : advanceTo(x.parentHash2, x, nowMs)
}

function advanceTo(
  cur: SecretHash,
  x: Pick<PresentedToken, 'hash2' | 'generation' | 'mintedAtMs'>,
  nowMs: EpochMs,
): Rotation {
  const next = {
    generation: x.generation,
    curHash2: x.hash2,
    curMintedAtMs: x.mintedAtMs,
    prevHash2: cur,
    confirmedAtMs: nowMs,
  }
  return { expected: cur, next, nowMs }
}

function convergeTo(session: Session, x: PresentedToken, nowMs: EpochMs): Rotation {
  const next = {
    generation: x.generation,
    curHash2: x.hash2,
    curMintedAtMs: x.mintedAtMs,
    prevHash2: session.prevHash2,
    confirmedAtMs: session.confirmedAtMs,
  }
  return { expected: session.curHash2, next, nowMs }
}

function isRacingSibling(session: Session, x: PresentedToken, settings: RotationSettings): boolean {
  return (
    x.parentHash2 !== null &&
    x.parentHash2 === session.prevHash2 &&
    mintedInRace(session, x.mintedAtMs, settings)
  )
}

function mintedInRace(session: Session, mintedAtMs: EpochMs, settings: RotationSettings): boolean {
  const { raceWindowMs } = settings
  return (
    raceWindowMs > 0 &&
    mintedAtMs >= session.curMintedAtMs - raceWindowMs &&
    mintedAtMs <= session.confirmedAtMs + raceWindowMs
  )
}

function isLateParent(
  session: Session,
  hash2: SecretHash,
  { nowMs, settings: { raceWindowMs } }: Pick<RefreshContext, 'nowMs' | 'settings'>,
): boolean {
  return (
    raceWindowMs > 0 && hash2 === session.prevHash2 && nowMs <= session.confirmedAtMs + raceWindowMs
  )
}
