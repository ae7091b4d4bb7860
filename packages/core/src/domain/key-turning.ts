import type { EpochMs } from './ids.ts'

/** What the turning of keys needs to know of a signing key. */
export interface KeyFacts<Algorithm extends string = string> {
  readonly algorithm: Algorithm
  /** Whether it is succeeded after a while; a static key signs until somebody turns it. */
  readonly isTurning: boolean
  /** Whether somebody asked for it: only such a key takes the place of a static one. */
  readonly isByHand: boolean
  /** From when on it signs; published from the moment it exists. */
  readonly signsFromMs: EpochMs
}

/**
 * The parameters of turning; times in milliseconds. They say how an app's first key is made, and
 * those that somebody asks for. Keys that are there already go before them: one core of several
 * with other settings must not turn a key that all sign with.
 */
export interface KeySettings<Algorithm extends string = string> {
  /** The algorithm of keys to come; keys that turn take it over when their time has come. */
  readonly algorithm: Algorithm
  /** Whether keys turn. */
  readonly isTurning: boolean
  /** How long a turning key signs. Default seven days. */
  readonly intervalMs: number
  /**
   * How long a key is published before it signs: longer than any verifier goes on with an old set
   * of keys, an outage included. Default one hour, at most half of the interval.
   */
  readonly publishAheadMs: number
  /** How long a key that was succeeded stays: the longest life of a token, and clock skew. */
  readonly keptMs: number
}

/** What to do with an app's keys now. */
export interface KeyPlan<K, Algorithm extends string = string> {
  /** Signs now; undefined only while there is no key at all. */
  readonly signing: K | undefined
  /** The key to make now, or null. */
  readonly next: NextKey<Algorithm> | null
  /** Keys whose last token has died; a static one only if somebody asked for its successor. */
  readonly dead: readonly K[]
}

/** A key that is to be made. */
export type NextKey<Algorithm extends string = string> = Omit<KeyFacts<Algorithm>, 'isByHand'>

/**
 * Plans the turning of an app's keys, given oldest first. The next key is published long enough
 * before its first use; an old one stays until the last token signed with it is dead. Pure, so that
 * all cores come to the same plan.
 */
export function planKeys<Algorithm extends string, K extends KeyFacts<Algorithm>>(
  keys: readonly K[],
  settings: KeySettings<Algorithm>,
  nowMs: EpochMs,
): KeyPlan<K, Algorithm> {
  const ordered = [...keys].sort((a, b) => a.signsFromMs - b.signsFromMs)
  const signing = ordered.findLast((key) => key.signsFromMs <= nowMs) ?? ordered[0]
  const dead = ordered.filter((key, index) => {
    const successor = ordered[index + 1]
    if (successor === undefined || !(key.isTurning || successor.isByHand)) return false
    return successor.signsFromMs + settings.keptMs <= nowMs
  })
  return { signing, next: nextKey(ordered.at(-1), settings, nowMs), dead }
}

function nextKey<Algorithm extends string>(
  newest: KeyFacts<Algorithm> | undefined,
  settings: KeySettings<Algorithm>,
  nowMs: EpochMs,
): NextKey<Algorithm> | null {
  const { algorithm, isTurning, intervalMs, publishAheadMs } = settings
  if (newest === undefined) return { algorithm, isTurning, signsFromMs: nowMs }
  if (newest.signsFromMs > nowMs || !newest.isTurning) return null
  const earliestMs = (nowMs + publishAheadMs) as EpochMs
  const dueMs = (newest.signsFromMs + intervalMs) as EpochMs
  if (earliestMs < dueMs) return null
  const signsFromMs = Math.max(earliestMs, dueMs) as EpochMs
  // Settings for a static key wait until somebody asks for it: till then the keys turn on as ever.
  return { algorithm: isTurning ? algorithm : newest.algorithm, isTurning: true, signsFromMs }
}
