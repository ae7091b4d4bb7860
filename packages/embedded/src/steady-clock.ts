import type { Clock, EpochMs } from '@pawl/core'

/** A clock that never goes back. */
export interface SteadyClock extends Clock {
  /**
   * Takes a time into account that was stored before: no later time is before it. A time that is
   * more than `leadMaxMs` (default `OBSERVED_LEAD_MAX_MS`) ahead of the wall clock is not believed.
   */
  readonly observe: (timeMs: number, leadMaxMs?: number) => void
  /** How far this clock is ahead of the wall clock, which was set back, in milliseconds. */
  readonly leadMs: () => number
}

/**
 * The farthest that a stored time may pull a clock ahead, in milliseconds: one core with a clock
 * that is far off must not take the others along.
 */
export const OBSERVED_LEAD_MAX_MS = 60_000

/**
 * The wall clock, but never before a time that it has given: when the wall clock is set back, time
 * goes on from where it was, as `elapsedMs` (a monotonic count) says, until the wall clock has
 * caught up. So nothing that has expired lives again.
 */
export function steadyClock(wall: Clock, elapsedMs: () => number): SteadyClock {
  let latestMs = Number.NEGATIVE_INFINITY
  let elapsedAtLatestMs = 0

  function nowMs(): EpochMs {
    const wallMs = wall.nowMs()
    const elapsed = elapsedMs()
    const goneOnMs = latestMs + Math.max(0, Math.floor(elapsed - elapsedAtLatestMs))
    if (wallMs >= goneOnMs || latestMs === Number.NEGATIVE_INFINITY) {
      latestMs = wallMs
      elapsedAtLatestMs = elapsed
    } else if (goneOnMs > latestMs) {
      elapsedAtLatestMs += goneOnMs - latestMs
      latestMs = goneOnMs
    }
    return latestMs as EpochMs
  }

  return {
    nowMs,
    observe(timeMs, leadMaxMs = OBSERVED_LEAD_MAX_MS) {
      if (timeMs <= nowMs() || timeMs - wall.nowMs() > leadMaxMs) return
      latestMs = timeMs
      elapsedAtLatestMs = elapsedMs()
    },
    leadMs: () => Math.max(0, nowMs() - wall.nowMs()),
  }
}
