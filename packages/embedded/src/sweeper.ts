import type { Clock, EpochMs, SessionStore } from '@pawl/core'
import { REVOCATION_FEED } from '@pawl/protocol'

/** Time between two sweeps, in milliseconds, on average. */
const SWEEP_INTERVAL_MS = 60_000
/** Cores that start together do not sweep together: each waits up to this much longer. */
const SWEEP_JITTER_MS = 10_000
/** Rows that one statement deletes: short enough never to hold up a refresh. */
const BATCH_ROWS = 200
/** Statements of one sweep; what is left waits for the next. */
const BATCHES_MAX = 50
/**
 * How long the revocation log is kept: twice as long as its entries matter to drivers, which is the
 * longest life of an access token and a margin.
 */
const REVOCATIONS_KEPT_MS = 2 * REVOCATION_FEED.keptMs
/** No log-in is under way for so long: a cut-off that is older gets no more rows to cover. */
const CUT_OFF_SETTLED_MS = 86_400_000

/** Deletes what has ended, in the background. */
export interface Sweeper {
  /** One sweep, now. Returns how many rows, log entries and cut-offs it deleted. */
  readonly sweep: () => Promise<number>
  /** Sweeps no more; resolves when a sweep under way has finished. */
  readonly stop: () => Promise<void>
}

/**
 * Starts sweeping expired sessions, the old end of the revocation log, and cut-offs that cover
 * nothing any more, in bounded batches; where the look at cut-offs stopped, the next goes on. Its
 * timers keep no process alive; trouble goes to `onTrouble` and is tried again next time.
 */
export function startSweeper(
  store: SessionStore,
  clock: Clock,
  onTrouble: (error: unknown) => void,
): Sweeper {
  let isStopped = false
  let running: Promise<number> = Promise.resolve(0)
  let timer: NodeJS.Timeout | undefined
  let cutOffPosition: string | null = null

  async function sweepAll(): Promise<number> {
    const nowMs = clock.nowMs()
    const beforeMs = (nowMs - REVOCATIONS_KEPT_MS) as EpochMs
    const rows = await inBatches(() => store.deleteExpired(nowMs, BATCH_ROWS))
    const entries = await inBatches(() => store.trimRevocations(beforeMs, BATCH_ROWS))
    return rows + entries + (await sweepCutOffs((nowMs - CUT_OFF_SETTLED_MS) as EpochMs))
  }

  async function sweepCutOffs(settledMs: EpochMs): Promise<number> {
    let total = 0
    for (let batch = 0; batch < BATCHES_MAX && !isStopped; batch++) {
      const request = { settledMs, after: cutOffPosition, limit: BATCH_ROWS }
      const { deleted, next } = await store.sweepCutOffs(request)
      total += deleted
      cutOffPosition = next
      if (next === null) break
    }
    return total
  }

  async function inBatches(deleteBatch: () => Promise<number>): Promise<number> {
    let total = 0
    for (let batch = 0; batch < BATCHES_MAX && !isStopped; batch++) {
      const deleted = await deleteBatch()
      total += deleted
      if (deleted < BATCH_ROWS) break
    }
    return total
  }

  function sweep(): Promise<number> {
    running = running.then(sweepAll, sweepAll)
    return running
  }

  function schedule(): void {
    const delayMs = SWEEP_INTERVAL_MS + Math.random() * SWEEP_JITTER_MS
    timer = setTimeout(() => {
      sweep()
        .catch(onTrouble)
        .finally(() => {
          if (!isStopped) schedule()
        })
    }, delayMs).unref()
  }

  schedule()
  return {
    sweep,
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await running.catch(() => {})
    },
  }
}
