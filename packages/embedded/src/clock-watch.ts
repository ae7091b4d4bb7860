import type { Clock, RecordStore } from '@pawl/core'
import { failureRow } from './failure-row.ts'
import { type ClockReadings, isAgreed, judgeClocks, judgeClocksAtStart } from './judge-clocks.ts'
import { findLatestTime, storeLatestTime } from './latest-time.ts'
import { CLOCKS_AGREE_MS, type SteadyClock } from './steady-clock.ts'

/** Time between two looks at the clocks, in milliseconds. */
const LOOK_INTERVAL_MS = 60_000
/** The same while clocks are too far apart. */
const LOOK_AGAIN_MS = 5_000
/** Clocks that are farther apart are reported, in milliseconds. */
const SKEW_REPORTED_MS = 5_000
/** The same is reported again after this long, in milliseconds. */
const REPORT_AGAIN_MS = 3_600_000
/**
 * Where the store has no clock of its own: a clock set back by more than this before a start is
 * taken for one that has been corrected, in milliseconds. The stored time is then not believed.
 */
const STORED_LEAD_MAX_MS = 86_400_000
/**
 * A time that was ahead goes back to the right one after nothing was decided by it for so long, in
 * milliseconds: no two refreshes that race are then on both sides of the step.
 */
const GO_BACK_AFTER_MS = 60_000
/** How often the clocks are read in one look because one of them stepped meanwhile. */
const READINGS_MAX = 3

/** What a watch looks at. */
export interface ClockWatchOptions {
  readonly store: RecordStore
  /** The clock of the store; null if it has none of its own. */
  readonly storeMs: () => Promise<number | null>
  readonly wall: Clock
  readonly clock: SteadyClock
  readonly onTrouble: (error: unknown) => void
  /** Whether the stored time is neither read nor written. Default false. */
  readonly isVisitor?: boolean
  /** A monotonic count; default: that of this process. */
  readonly elapsedMs?: () => number
}

/** Watches the clock of this core. */
export interface ClockWatch {
  /** Looks now: stores the time, and reports clocks that are apart. */
  readonly look: () => Promise<void>
  /** Why nothing may be decided by this core's time now; null if all is well. */
  readonly fault: () => string | null
  /** Stores the time a last time and looks no more. */
  readonly stop: () => Promise<void>
}

/**
 * Starts from the latest time that a core of this store has seen, so that a clock set back between
 * two starts revives nothing; then looks once a minute. Where the store has a clock of its own it
 * is the witness: what it contradicts is neither believed nor followed, and a time that is more
 * than `CLOCKS_AGREE_MS` from it is a fault until the clocks agree. Its timer keeps no process
 * alive.
 */
export async function watchClock(options: ClockWatchOptions): Promise<ClockWatch> {
  const { store, clock, onTrouble, isVisitor = false, elapsedMs = monotonicMs } = options
  const report = makeReport(onTrouble, elapsedMs)
  const skew = makeSkew(options, report)
  const timer = makeTimer(lookOnTime)
  const failures = failureRow(onTrouble)
  let running: Promise<void> = Promise.resolve()

  async function lookNow(): Promise<void> {
    const readings = await readClocks(options)
    reportLead(clock.leadMs(), report)
    if (readings !== null) skew.judge(readings)
    if (skew.fault() === null && !isVisitor) await storeTime(readings !== null)
  }

  function storeTime(isWitnessed: boolean): Promise<void> {
    const excessMaxMs = isWitnessed ? CLOCKS_AGREE_MS : Number.POSITIVE_INFINITY
    return storeLatestTime(store, clock.nowMs(), excessMaxMs)
  }

  function look(): Promise<void> {
    running = running.then(lookNow, lookNow)
    return running
  }

  async function lookOnTime(): Promise<void> {
    try {
      await look()
      failures.end()
    } catch (error) {
      failures.note(error)
    }
    armNext()
  }

  const armNext = (): void => timer.arm(skew.fault() === null ? LOOK_INTERVAL_MS : LOOK_AGAIN_MS)

  function onStep(): void {
    skew.noteStep()
    timer.arm(0)
  }

  try {
    await startClock(options, { onStep, report })
    await look()
  } catch (error) {
    // A step of the clock may have armed it already.
    timer.stop()
    throw error
  }
  armNext()
  return {
    look,
    fault: skew.fault,
    async stop() {
      timer.stop()
      await running.catch(() => {})
      // A store that is closed already has kept the time of the last look.
      if (skew.fault() === null && !isVisitor) await storeTime(false).catch(() => {})
    },
  }
}

/** Judges the time of a running core by the clock of the store. */
function makeSkew(options: ClockWatchOptions, report: Report) {
  const { clock, wall, elapsedMs = monotonicMs } = options
  let fault: string | null = null
  /** Since when this core's time is ahead, though both clocks are right. */
  let aheadSinceMs: number | undefined

  function judge(readings: ClockReadings): void {
    const { follow, skewMs, wallSkewMs } = judgeClocks(readings, clock.isHeld())
    if (follow !== null) clock.follow(follow === 'wall' ? wall.nowMs() : readings.storeMs)
    if (Math.abs(wallSkewMs) > SKEW_REPORTED_MS) {
      report('skew', `the clock of this machine is ${inWords(wallSkewMs)} the clock of the store`)
    }
    fault = null
    if (isAgreed(skewMs)) {
      aheadSinceMs = undefined
      return
    }
    const isOnlyAhead = skewMs > 0 && isAgreed(wallSkewMs) && !clock.isHeld()
    aheadSinceMs = isOnlyAhead ? (aheadSinceMs ?? elapsedMs()) : undefined
    if (aheadSinceMs !== undefined && elapsedMs() - aheadSinceMs >= GO_BACK_AFTER_MS) {
      clock.dropLead()
      aheadSinceMs = undefined
      return
    }
    fault = `the time of this core is ${inWords(skewMs)} the clock of the store`
    report('fault', `${fault}: what needs the time is refused until they agree`)
  }

  return {
    judge,
    fault: () => fault,
    noteStep: (): void => {
      fault ??= 'the clock of this machine has stepped'
    },
  }
}

const monotonicMs = (): number => performance.now()

type Report = (about: string, message: string) => void

/** Finds out what time it is when a core starts. */
async function startClock(
  options: ClockWatchOptions,
  { onStep, report }: { readonly onStep: () => void; readonly report: Report },
): Promise<void> {
  const { store, wall, clock, isVisitor = false } = options
  const storedMs = isVisitor ? undefined : await findLatestTime(store)
  const readings = await readClocks(options)
  const aheadMs = (storedMs ?? Number.NEGATIVE_INFINITY) - wall.nowMs()
  if (readings === null) {
    if (storedMs !== undefined) clock.observe(storedMs, STORED_LEAD_MAX_MS)
    if (aheadMs <= STORED_LEAD_MAX_MS) return
    const late = seconds(aheadMs)
    report(
      'stored',
      `this store was used ${late} s later than the clock of this machine says: is it right?`,
    )
    return
  }
  const { storeMs } = readings
  clock.holdSteps(onStep)
  if (judgeClocksAtStart(readings, storedMs) === 'store') {
    clock.follow(storeMs)
    clock.dropLead()
  } else if (storedMs !== undefined) {
    clock.observe(storedMs, CLOCKS_AGREE_MS)
    if (aheadMs <= CLOCKS_AGREE_MS || storedMs - storeMs <= CLOCKS_AGREE_MS) return
    report(
      'stored',
      `a core whose clock was ${seconds(aheadMs)} s ahead has used this store: the time it left behind is not believed`,
    )
  }
}

/**
 * The clocks, or null if the store has none of its own. They are read again where the wall clock
 * stepped while the store was asked: between readings so far apart any time of the store fits.
 */
async function readClocks(options: ClockWatchOptions): Promise<ClockReadings | null> {
  const { wall, clock } = options
  for (let reading = 1; ; reading++) {
    const before = { own: clock.nowMs(), wall: wall.nowMs() }
    const wasHeld = clock.isHeld()
    const storeMs = await options.storeMs()
    if (storeMs === null) return null
    const own = { beforeMs: before.own, afterMs: clock.nowMs() }
    if (clock.isHeld() !== wasHeld && reading < READINGS_MAX) continue
    return { own, wall: { beforeMs: before.wall, afterMs: wall.nowMs() }, storeMs }
  }
}

function makeReport(onTrouble: (error: unknown) => void, elapsedMs: () => number): Report {
  const reportedAtMs = new Map<string, number>()
  return (about, message) => {
    const last = reportedAtMs.get(about)
    if (last !== undefined && elapsedMs() - last < REPORT_AGAIN_MS) return
    reportedAtMs.set(about, elapsedMs())
    onTrouble(new Error(message))
  }
}

function reportLead(leadMs: number, report: Report): void {
  if (leadMs <= SKEW_REPORTED_MS) return
  report(
    'set back',
    `the clock of this machine was set back by ${seconds(leadMs)} s: the core goes on from the later time, at half speed`,
  )
}

/** One timer at a time, which keeps no process alive. */
function makeTimer(task: () => Promise<void>) {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  return {
    arm(delayMs: number): void {
      clearTimeout(timer)
      if (!isStopped) timer = setTimeout(() => void task(), delayMs).unref()
    },
    stop(): void {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

function inWords(skewMs: number): string {
  return `${seconds(Math.abs(skewMs))} s ${skewMs > 0 ? 'ahead of' : 'behind'}`
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}
