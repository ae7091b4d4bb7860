import type { NowMs } from './ports.ts'

/**
 * A clock that never goes back: when the wall clock is set back, time goes on by the monotonic one
 * until the wall clock has caught up, so that no token that has expired is good again.
 */
export function makeSteadyNow(
  wallMs: NowMs = Date.now,
  elapsedMs: NowMs = () => performance.now(),
): NowMs {
  let latestMs = Number.NEGATIVE_INFINITY
  /** What to add to the monotonic clock while the wall clock is behind; else undefined. */
  let offsetMs: number | undefined
  return () => {
    const nowMs = wallMs()
    if (nowMs >= latestMs) {
      latestMs = nowMs
      offsetMs = undefined
      return nowMs
    }
    offsetMs ??= latestMs - elapsedMs()
    latestMs = Math.max(latestMs, Math.floor(offsetMs + elapsedMs()))
    return latestMs
  }
}
