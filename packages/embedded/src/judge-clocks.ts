import { CLOCKS_AGREE_MS } from './steady-clock.ts'

/** One clock, read before and after the clock of the store was. */
export interface ClockReading {
  readonly beforeMs: number
  readonly afterMs: number
}

/** What was read of the clocks. */
export interface ClockReadings {
  /** The time of this core. */
  readonly own: ClockReading
  readonly wall: ClockReading
  readonly storeMs: number
}

/** What three clocks come to. */
export interface ClockVerdict {
  /** What this core's time is to follow; null: what it follows already. */
  readonly follow: 'wall' | 'store' | null
  /** How far the time of this core is ahead of the store's clock then, ms; negative if behind. */
  readonly skewMs: number
  /** The same of the wall clock of this machine. */
  readonly wallSkewMs: number
}

/** Stored times are at most so much older than the cores that store them, in milliseconds. */
const STORED_EVERY_MS = 60_000

/** Whether clocks that are so far apart count as one time. */
export function isAgreed(skewMs: number): boolean {
  return Math.abs(skewMs) <= CLOCKS_AGREE_MS
}

/**
 * Judges the clocks of a running core: after a step of the wall clock, which `isHeld`, what agrees
 * with the store's clock is right. Of three that all differ none is.
 */
export function judgeClocks(readings: ClockReadings, isHeld: boolean): ClockVerdict {
  const skewMs = skewOf(readings.own, readings.storeMs)
  const wallSkewMs = skewOf(readings.wall, readings.storeMs)
  if (!isHeld) return { follow: null, skewMs, wallSkewMs }
  if (isAgreed(wallSkewMs)) {
    return { follow: 'wall', skewMs: Math.max(skewMs, wallSkewMs), wallSkewMs }
  }
  // The monotonic clock drifts: what it is away by more than the reading took is made up for.
  return { follow: isAgreed(skewMs) && skewMs !== 0 ? 'store' : null, skewMs, wallSkewMs }
}

/**
 * Judges the clocks of a core that starts, whose time nothing was decided by yet. A latest time
 * that cores have stored not long ago speaks for the store's clock, against the wall clock.
 */
export function judgeClocksAtStart(
  { wall, storeMs }: Pick<ClockReadings, 'wall' | 'storeMs'>,
  storedMs: number | undefined,
): 'wall' | 'store' {
  if (storedMs === undefined || isAgreed(skewOf(wall, storeMs))) return 'wall'
  const ageMs = storeMs - storedMs
  return ageMs >= -CLOCKS_AGREE_MS && ageMs <= STORED_EVERY_MS + CLOCKS_AGREE_MS ? 'store' : 'wall'
}

/** How far a clock is ahead of the store's. The time that the reading took is no skew. */
function skewOf({ beforeMs, afterMs }: ClockReading, storeMs: number): number {
  if (beforeMs > storeMs) return beforeMs - storeMs
  return afterMs < storeMs ? afterMs - storeMs : 0
}
