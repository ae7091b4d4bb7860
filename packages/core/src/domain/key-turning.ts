import type { EpochMs } from './ids.ts'

/** What the turning of keys needs to know of a signing key. */
export interface KeyFacts {
  readonly algorithm: string
  /** Whether it is succeeded after a while; a static key signs until it is taken away. */
  readonly isTurning: boolean
  /** From when on it signs; published from the moment it exists. */
  readonly signsFromMs: EpochMs
}

/** The parameters of turning; times in milliseconds. */
export interface KeySettings {
  /** The algorithm of keys to come; changing it turns the key early. */
  readonly algorithm: string
  /** Whether keys turn; changing it turns the key early, for the last time if it says no. */
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
export interface KeyPlan<K> {
  /** Signs now; undefined only while there is no key at all. */
  readonly signing: K | undefined
  /** The key to make now, or null. */
  readonly next: { readonly signsFromMs: EpochMs } | null
  /** Keys whose last token has died. */
  readonly dead: readonly K[]
}

/**
 * Plans the turning of an app's keys, given oldest first. The next key is published long enough
 * before its first use; an old one stays until the last token signed with it is dead. Pure, so that
 * all cores come to the same plan.
 */
export function planKeys<K extends KeyFacts>(
  keys: readonly K[],
  settings: KeySettings,
  nowMs: EpochMs,
): KeyPlan<K> {
  const ordered = [...keys].sort((a, b) => a.signsFromMs - b.signsFromMs)
  const signing = ordered.findLast((key) => key.signsFromMs <= nowMs) ?? ordered[0]
  const dead = ordered.filter((_, index) => {
    const successor = ordered[index + 1]
    return successor !== undefined && successor.signsFromMs + settings.keptMs <= nowMs
  })
  return { signing, next: nextKey(ordered.at(-1), settings, nowMs), dead }
}

function nextKey(
  newest: KeyFacts | undefined,
  settings: KeySettings,
  nowMs: EpochMs,
): { readonly signsFromMs: EpochMs } | null {
  if (newest === undefined) return { signsFromMs: nowMs }
  if (newest.signsFromMs > nowMs) return null
  const earliestMs = (nowMs + settings.publishAheadMs) as EpochMs
  const isOfAnotherKind =
    newest.algorithm !== settings.algorithm || newest.isTurning !== settings.isTurning
  if (isOfAnotherKind) return { signsFromMs: earliestMs }
  if (!settings.isTurning) return null
  const dueMs = (newest.signsFromMs + settings.intervalMs) as EpochMs
  if (earliestMs < dueMs) return null
  return { signsFromMs: Math.max(earliestMs, dueMs) as EpochMs }
}
