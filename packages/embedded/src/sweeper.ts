import type { Clock, EpochMs, SessionStore } from '@pawl/core'
import { REVOCATION_FEED } from '@pawl/protocol'

/** Time between two sweeps, in milliseconds, on average. */
const SWEEP_INTERVAL_MS = 60_000
/** Cores that start together do not sweep together: each waits up to this much longer. */
const SWEEP_JITTER_MS = 10_000
/** Time between two sweeps while more is left, in milliseconds: others have their turn. */
const SWEEP_AGAIN_MS = 1_000
/** Rows that one statement deletes: short enough never to hold up a refresh. */
const BATCH_ROWS = 200
/** Statements of one part of a sweep; what is left waits for the next. */
const BATCHES_MAX = 50
/** After so many sweeps that left something behind it is said, about ten minutes' worth. */
const BEHIND_REPORTED_SWEEPS = 600
/**
 * How long the revocation log is kept: twice as long as its entries matter to drivers, which is the
 * longest life of an access token and a margin.
 */
const REVOCATIONS_KEPT_MS = 2 * REVOCATION_FEED.keptMs
/** No log-in is under way for so long: a cut-off that is older gets no more rows to cover. */
const CUT_OFF_SETTLED_MS = 86_400_000

/** What a sweeper stands on. */
export interface SweeperOptions {
  readonly store: SessionStore
  readonly clock: Clock
  /** The clock of the store; null if it has none of its own. */
  readonly storeMs: () => Promise<number | null>
  /** Why nothing may be decided by the time now; null if all is well. */
  readonly clockFault: () => string | null
  readonly onTrouble: (error: unknown) => void
  /** Runs a task later; gives back how to call it off. Default: an unreferenced timer. */
  readonly schedule?: (task: () => void, delayMs: number) => () => void
}

/** Deletes what has ended, in the background. */
export interface Sweeper {
  /**
   * One sweep, now. Returns how many rows, log entries and cut-offs it deleted; none while the time
   * is not to be trusted. A part that fails keeps no other from being swept.
   */
  readonly sweep: () => Promise<number>
  /** Sweeps no more; resolves when a sweep under way has finished. */
  readonly stop: () => Promise<void>
}

/** What a part of a sweep deleted, and whether there was more. */
interface SweptPart {
  readonly deleted: number
  readonly isBehind: boolean
}

/** The same of all parts, and what went wrong. */
interface Swept extends SweptPart {
  readonly failures: readonly unknown[]
}

/**
 * Starts sweeping expired sessions, the old end of the revocation log, and cut-offs that cover
 * nothing any more, in bounded batches, by the earlier of this core's time and the store's; where
 * the look at cut-offs stopped, the next goes on. What was left behind is swept soon. Its timers
 * keep no process alive; trouble goes to `onTrouble` and is tried again next time.
 */
export function startSweeper(options: SweeperOptions): Sweeper {
  const { onTrouble, schedule = runLater } = options
  const state = { isStopped: false }
  const sweepAll = makeSweep(options, state)
  let running: Promise<unknown> = Promise.resolve()
  let callOff: (() => void) | undefined
  let sweepsBehind = 0

  function sweep(): Promise<Swept> {
    const swept = running.then(sweepAll, sweepAll)
    running = swept
    return swept
  }

  /** Whether to sweep again soon. */
  async function sweepOnTime(): Promise<boolean> {
    const { isBehind, failures } = await sweep().catch((error: unknown) => ({
      isBehind: false,
      failures: [error],
    }))
    for (const failure of failures) onTrouble(failure)
    sweepsBehind = isBehind ? sweepsBehind + 1 : 0
    if (isBehind && sweepsBehind % BEHIND_REPORTED_SWEEPS === 0) {
      onTrouble(new Error('more ends than the sweeps of this core can delete: the store grows'))
    }
    return isBehind
  }

  function arm(isSoon: boolean): void {
    if (state.isStopped) return
    const delayMs = isSoon ? SWEEP_AGAIN_MS : SWEEP_INTERVAL_MS + Math.random() * SWEEP_JITTER_MS
    callOff = schedule(() => void sweepOnTime().then(arm), delayMs)
  }

  arm(false)
  return {
    async sweep() {
      const { deleted, failures } = await sweep()
      if (failures.length > 0) throw failures[0]
      return deleted
    },
    async stop() {
      state.isStopped = true
      callOff?.()
      await running.catch(() => {})
    },
  }
}

/** One sweep of all parts. */
function makeSweep(
  { store, clock, storeMs, clockFault }: SweeperOptions,
  state: { readonly isStopped: boolean },
): () => Promise<Swept> {
  let cutOffPosition: string | null = null

  async function inBatches(deleteBatch: () => Promise<number>): Promise<SweptPart> {
    let deleted = 0
    for (let batch = 0; batch < BATCHES_MAX && !state.isStopped; batch++) {
      const count = await deleteBatch()
      deleted += count
      if (count < BATCH_ROWS) return { deleted, isBehind: false }
    }
    return { deleted, isBehind: !state.isStopped }
  }

  async function sweepCutOffs(settledMs: EpochMs): Promise<SweptPart> {
    let deleted = 0
    for (let batch = 0; batch < BATCHES_MAX && !state.isStopped; batch++) {
      const request = { settledMs, after: cutOffPosition, limit: BATCH_ROWS }
      const page = await store.sweepCutOffs(request)
      deleted += page.deleted
      cutOffPosition = page.next
      if (page.next === null) return { deleted, isBehind: false }
    }
    // Most cut-offs stay: to look at all of them is no hurry, to delete many is.
    return { deleted, isBehind: deleted >= (BATCHES_MAX * BATCH_ROWS) / 2 }
  }

  return async () => {
    if (clockFault() !== null) return { deleted: 0, isBehind: false, failures: [] }
    const nowMs = Math.min(clock.nowMs(), (await storeMs()) ?? Number.POSITIVE_INFINITY)
    const at = (agoMs: number): EpochMs => (nowMs - agoMs) as EpochMs
    const parts = [
      () => inBatches(() => store.deleteExpired(at(0), BATCH_ROWS)),
      () => inBatches(() => store.trimRevocations(at(REVOCATIONS_KEPT_MS), BATCH_ROWS)),
      () => sweepCutOffs(at(CUT_OFF_SETTLED_MS)),
    ]
    const failures: unknown[] = []
    let deleted = 0
    let isBehind = false
    for (const part of parts) {
      try {
        const swept = await part()
        deleted += swept.deleted
        isBehind ||= swept.isBehind
      } catch (error) {
        failures.push(error)
      }
    }
    return { deleted, isBehind, failures }
  }
}

function runLater(task: () => void, delayMs: number): () => void {
  const timer = setTimeout(task, delayMs).unref()
  return () => clearTimeout(timer)
}
