import type { Clock, EpochMs } from '@pawl/core'

/** A clock that only the test moves. */
export interface ManualClock extends Clock {
  readonly advance: (ms: number) => void
}

/** A clock that stands at 2026-01-01T00:00:00Z until it is moved. */
export function manualClock(startMs = 1_767_225_600_000): ManualClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs as EpochMs,
    advance(ms) {
      nowMs += ms
    },
  }
}
