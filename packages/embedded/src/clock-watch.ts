import type { Clock, RecordStore, Store, StoredRecord } from '@pawl/core'
import type { SteadyClock } from './steady-clock.ts'

/** Time between two looks at the clocks, in milliseconds. */
const LOOK_INTERVAL_MS = 60_000
/** Clocks that are farther apart are reported, in milliseconds. */
const SKEW_REPORTED_MS = 5_000
/** The same is reported again after this long, in milliseconds. */
const REPORT_AGAIN_MS = 3_600_000
/**
 * A clock set back by more than this before a start is taken for one that has been corrected, in
 * milliseconds: the stored time is then not believed.
 */
const STORED_LEAD_MAX_MS = 86_400_000
const LATEST_KEY = { kind: 'clock', app: '*', id: 'latest' } as const

/** What a watch looks at. */
export interface ClockWatchOptions {
  readonly store: RecordStore & Pick<Store, 'clockMs'>
  readonly wall: Clock
  readonly clock: SteadyClock
  readonly onTrouble: (error: unknown) => void
}

/** Watches the clock of this core. */
export interface ClockWatch {
  /** Looks now: stores the time, and reports clocks that are apart. */
  readonly look: () => Promise<void>
  /** Stores the time a last time and looks no more. */
  readonly stop: () => Promise<void>
}

/**
 * Starts from the latest time that a core of this store has seen, so that a clock set back between
 * two starts revives nothing; then looks once a minute. Its timer keeps no process alive.
 */
export async function watchClock(options: ClockWatchOptions): Promise<ClockWatch> {
  const { store, wall, clock, onTrouble } = options
  const reportedAtMs = new Map<string, number>()

  function report(about: string, message: string): void {
    const last = reportedAtMs.get(about)
    if (last !== undefined && performance.now() - last < REPORT_AGAIN_MS) return
    reportedAtMs.set(about, performance.now())
    onTrouble(new Error(message))
  }

  async function storeTime(): Promise<void> {
    const nowMs = clock.nowMs()
    const record = await store.findRecord(LATEST_KEY)
    const value = JSON.stringify({ atMs: nowMs })
    // Of cores that write at once one wins: the next look puts right what it left behind.
    if (record === undefined) await store.insertRecord(LATEST_KEY, value)
    else if (latestIn(record) < nowMs) await store.replaceRecord(record, record.version, value)
  }

  async function look(): Promise<void> {
    await storeTime()
    const behindMs = clock.leadMs()
    if (behindMs > SKEW_REPORTED_MS) {
      report(
        'set back',
        `the clock of this machine was set back by ${seconds(behindMs)} s: the core goes on from the later time`,
      )
    }
    const storeMs = await store.clockMs()
    const skewMs = storeMs === null ? 0 : wall.nowMs() - storeMs
    if (Math.abs(skewMs) <= SKEW_REPORTED_MS) return
    const where = skewMs > 0 ? 'ahead of' : 'behind'
    report(
      'skew',
      `the clock of this machine is ${seconds(Math.abs(skewMs))} s ${where} the clock of the store`,
    )
  }

  const record = await store.findRecord(LATEST_KEY)
  if (record !== undefined) {
    const leadMs = latestIn(record) - wall.nowMs()
    clock.observe(latestIn(record), STORED_LEAD_MAX_MS)
    if (leadMs > STORED_LEAD_MAX_MS) {
      report(
        'stored',
        `this store was used ${seconds(leadMs)} s later than the clock of this machine says: is it right?`,
      )
    }
  }
  await look()
  const timer = setInterval(() => void look().catch(onTrouble), LOOK_INTERVAL_MS).unref()
  return {
    look,
    async stop() {
      clearInterval(timer)
      // A store that is closed already has kept the time of the last look.
      await storeTime().catch(() => {})
    },
  }
}

function latestIn(record: StoredRecord): number {
  const { atMs } = JSON.parse(record.value) as { atMs?: unknown }
  return typeof atMs === 'number' ? atMs : Number.NEGATIVE_INFINITY
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}
