import { Worker } from 'node:worker_threads'
import { type Check, nameOfCheck } from './catalog.ts'
import type { CheckReport } from './run-check.ts'
import type { Order } from './worker.ts'

/** How a pool runs its checks. */
export interface PoolOptions {
  /** At least 1. */
  readonly workers: number
  /** Takes the place of every check's own bound. */
  readonly movesMax: number | null
  readonly onReport: (report: CheckReport) => void
}

/**
 * Runs checks on worker threads, in the order given. Rejects if a check throws: that is a fault of
 * the model or of the rule's contract.
 */
export async function runChecks(checks: readonly Check[], options: PoolOptions): Promise<void> {
  const waiting = [...checks]
  const lanes = Math.min(options.workers, checks.length)
  await Promise.all(Array.from({ length: lanes }, () => runLane(waiting, options)))
}

async function runLane(waiting: Check[], options: PoolOptions): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url))
  try {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const order = { name: nameOfCheck(check), movesMax: options.movesMax }
      options.onReport(await answer(worker, order))
    }
  } finally {
    await worker.terminate()
  }
}

function answer(worker: Worker, order: Order): Promise<CheckReport> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off('message', onMessage)
      worker.off('error', onError)
    }
    const onMessage = (report: CheckReport): void => {
      settle()
      resolve(report)
    }
    const onError = (cause: unknown): void => {
      settle()
      reject(new Error(`the check ${order.name} failed`, { cause }))
    }
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.postMessage(order)
  })
}
