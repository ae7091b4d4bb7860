import type { Clock, EpochMs } from '@pawl/core'

/** A clock that does not go back by itself. */
export interface SteadyClock extends Clock {
  /**
   * Takes a time into account that was stored before: no later time is before it. A time that is
   * more than `leadMaxMs` (default `OBSERVED_LEAD_MAX_MS`) ahead is not believed.
   */
  readonly observe: (timeMs: number, leadMaxMs?: number) => void
  /** How far this clock is ahead of the time that it follows, in milliseconds; it is paid back. */
  readonly leadMs: () => number
  /**
   * From now on a step of the wall clock, by more than `CLOCKS_AGREE_MS`, is not followed until
   * `follow` says what is right: time goes on by the monotonic clock. `onStep` is told of each.
   */
  readonly holdSteps: (onStep: () => void) => void
  /** Whether the wall clock is not followed now. */
  readonly isHeld: () => boolean
  /** Follows this time from now on, and the wall clock as soon as that agrees with it. */
  readonly follow: (timeMs: number) => void
  /**
   * Forgets a lead: time goes back to what is followed. Only for a time by which nothing was
   * decided.
   */
  readonly dropLead: () => void
}

/**
 * The farthest that a stored time may pull a clock ahead, in milliseconds: one core with a clock
 * that is far off must not take the others along.
 */
export const OBSERVED_LEAD_MAX_MS = 60_000

/** Clocks that are no farther apart agree, in milliseconds: half of the default race window. */
export const CLOCKS_AGREE_MS = 30_000

/** While ahead, time runs by this part of its speed. */
const LEAD_DIVISOR = 2

/**
 * The wall clock, but never before a time that it has given: when the wall clock is set back, time
 * goes on at half its speed, as `elapsedMs` (a monotonic count) says, until the wall clock has
 * caught up. So nothing that has expired lives again, and no lead lasts.
 */
export function steadyClock(wall: Clock, elapsedMs: () => number): SteadyClock {
  let latestMs = Number.NEGATIVE_INFINITY
  let elapsedAtLatestMs = 0
  let onStep: (() => void) | undefined
  /** What the monotonic count is behind the time that is followed, once steps are held. */
  let baseMs = 0
  let isHeld = false

  /** The time that is followed. */
  function followedMs(elapsed: number): number {
    const wallMs = wall.nowMs()
    if (onStep === undefined) return wallMs
    if (Math.abs(wallMs - baseMs - elapsed) <= CLOCKS_AGREE_MS) {
      baseMs = wallMs - elapsed
      isHeld = false
      return wallMs
    }
    if (!isHeld) {
      isHeld = true
      onStep()
    }
    return Math.floor(baseMs + elapsed)
  }

  function nowMs(): EpochMs {
    const elapsed = elapsedMs()
    const followed = followedMs(elapsed)
    const paidMs = Math.max(0, Math.floor((elapsed - elapsedAtLatestMs) / LEAD_DIVISOR))
    if (followed >= latestMs + paidMs) {
      latestMs = followed
      elapsedAtLatestMs = elapsed
    } else {
      latestMs += paidMs
      elapsedAtLatestMs += paidMs * LEAD_DIVISOR
    }
    return latestMs as EpochMs
  }

  return {
    nowMs,
    observe(timeMs, leadMaxMs = OBSERVED_LEAD_MAX_MS) {
      const elapsed = elapsedMs()
      if (timeMs <= nowMs() || timeMs - followedMs(elapsed) > leadMaxMs) return
      latestMs = timeMs
      elapsedAtLatestMs = elapsed
    },
    leadMs: () => Math.max(0, nowMs() - followedMs(elapsedMs())),
    holdSteps(told) {
      if (onStep === undefined) baseMs = wall.nowMs() - elapsedMs()
      onStep = told
    },
    isHeld: () => isHeld,
    follow(timeMs) {
      baseMs = timeMs - elapsedMs()
      followedMs(elapsedMs())
    },
    dropLead() {
      latestMs = Number.NEGATIVE_INFINITY
    },
  }
}
