import { performance } from 'node:perf_hooks'

/** How long this thread is watched at a time, in milliseconds. */
const WINDOW_MS = 100
/** The part of a window that has to be idle. */
const IDLE_SHARE = 0.15

let hasTime = true
let windowStart = performance.eventLoopUtilization()
let windowStartMs = performance.now()

/**
 * Whether this thread's event loop had some of its time to spare lately. Work of some tens of
 * microseconds is then done sooner here than handed to another thread, and costs less in all.
 */
export function hasSpareTime(): boolean {
  const nowMs = performance.now()
  if (nowMs - windowStartMs < WINDOW_MS) return hasTime
  const { utilization } = performance.eventLoopUtilization(windowStart)
  hasTime = utilization <= 1 - IDLE_SHARE
  windowStart = performance.eventLoopUtilization()
  windowStartMs = nowMs
  return hasTime
}
