import type { NowMs, ReportFault } from './ports.ts'

/** After so long without word of the core the wall clock is gone by again, in ms. */
const HEARD_FOR_MS = 5_000
/** What is heard is a little late: so near to what was expected it changes nothing, in ms. */
const NEAR_MS = 5_000
/**
 * A clock of this machine that is farther from the core's is reported, and a time that was farther
 * ahead goes back at once: the core decides by its own. In ms.
 */
const APART_MS = 30_000
/** So far the wall clock may go between two looks at it to be believed without a closer one, ms. */
const SMALL_STEP_MS = 1_000
/** Less far ahead, time runs by this part of its speed until it was caught up with. */
const LEAD_DIVISOR = 2

/** What the time of a driver is made of. */
export interface CoreTimeOptions {
  /** Default: the clock of this machine. */
  readonly wallMs?: NowMs
  /** A monotonic count; default: that of this process. */
  readonly elapsedMs?: NowMs
  readonly reportFault: ReportFault
}

/** The core's time, as a driver knows it. */
export interface CoreTime {
  readonly nowMs: NowMs
  /** Whether the core was ever heard. */
  readonly isKnown: boolean
  /** Takes in what time it is at the core now; what is no finite number is left out. */
  hear(coreMs: number): void
}

/**
 * The core's time, since tokens are made by that: as last heard, and on from there by the monotonic
 * clock, whatever becomes of the wall clock. Before anything was heard, and long after, it is the
 * wall clock with what that was found to be off by. It does not go back by itself: when it was
 * ahead, it runs at half speed until it was caught up with, so that no token that has expired is
 * good again and no lead lasts. Only the core itself, when farther behind, sets it back.
 */
export function makeCoreTime(options: CoreTimeOptions): CoreTime {
  const { wallMs = Date.now, elapsedMs = () => performance.now(), reportFault } = options
  let latestMs = Number.NEGATIVE_INFINITY
  /** Up to when a lead has been paid back, by the monotonic clock; undefined without one. */
  let paidUntilMs: number | undefined
  /** The wall clock at the last look; NaN while it alone does not say what time it is. */
  let wallSeenMs = Number.NaN
  /** What the monotonic clock is behind the core's while that was heard. */
  let baseMs = 0
  let heardUntilMs = Number.NEGATIVE_INFINITY
  /** What the wall clock is behind the core's. */
  let offsetMs = 0
  const report = makeReport(reportFault)

  function expectedMs(wall: number, elapsed: number): number {
    return elapsed < heardUntilMs ? Math.floor(baseMs + elapsed) : wall + offsetMs
  }

  /** Both clocks are looked at: the wall clock has stepped, or was not looked at for a while. */
  function lookClosely(wall: number): number {
    const elapsed = elapsedMs()
    const expected = expectedMs(wall, elapsed)
    wallSeenMs = Number.NaN
    if (expected >= latestMs) {
      if (Math.abs(wall + offsetMs - expected) < SMALL_STEP_MS) wallSeenMs = wall
      latestMs = expected
      paidUntilMs = undefined
      return expected
    }
    paidUntilMs ??= elapsed
    const paidMs = Math.max(0, Math.floor((elapsed - paidUntilMs) / LEAD_DIVISOR))
    latestMs += paidMs
    paidUntilMs += paidMs * LEAD_DIVISOR
    return latestMs
  }

  return {
    get isKnown() {
      return heardUntilMs !== Number.NEGATIVE_INFINITY
    },
    nowMs() {
      const wall = wallMs()
      const stepMs = wall - wallSeenMs
      const nowMs = wall + offsetMs
      // On the way of every request: one clock, and nothing else, as long as nothing happens.
      if (!(stepMs >= 0 && stepMs < SMALL_STEP_MS && nowMs >= latestMs)) return lookClosely(wall)
      wallSeenMs = wall
      latestMs = nowMs
      return nowMs
    },
    hear(coreMs) {
      // By a time that is no number nothing would ever expire.
      if (!Number.isFinite(coreMs)) return
      const wall = wallMs()
      const elapsed = elapsedMs()
      const expected = expectedMs(wall, elapsed)
      const heardMs = Math.abs(coreMs - expected) <= NEAR_MS ? expected : coreMs
      baseMs = heardMs - elapsed
      heardUntilMs = elapsed + HEARD_FOR_MS
      offsetMs = heardMs - wall
      wallSeenMs = Number.NaN
      if (latestMs - heardMs > APART_MS) latestMs = Number.NEGATIVE_INFINITY
      report(offsetMs)
    },
  }
}

/** Tells once that the clock of this machine is off, and again when it was right meanwhile. */
function makeReport(reportFault: ReportFault): (offsetMs: number) => void {
  let isReported = false
  return (offsetMs) => {
    const isApart = Math.abs(offsetMs) > APART_MS
    if (isApart && !isReported) {
      const where = offsetMs < 0 ? 'ahead of' : 'behind'
      const seconds = Math.round(Math.abs(offsetMs) / 1000)
      const message = `the clock of this machine is ${seconds} s ${where} the core's: the core's counts`
      reportFault({ where: 'core', message })
    }
    isReported = isApart
  }
}
