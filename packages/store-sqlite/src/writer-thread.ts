import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { StoreError } from '@pawl/core'
import type { WriteAnswer } from './transaction.ts'
import type { Writer } from './writer.ts'

const workerFile = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'

/** Nothing that the thread makes lives for long: left alone, its garbage would take 40 MB. */
const YOUNG_GENERATION_MB = 6

/** A batch that the thread has not answered. */
interface Pending {
  readonly resolve: (answers: readonly WriteAnswer[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * A writer in a thread of its own: the disk's work and SQLite's go on beside the rest of the core.
 * Batches are done in the order in which they came. The thread keeps the process alive only while
 * a batch is under way.
 *
 * @returns once the database is open there; rejects if no thread can be had
 */
export async function openWriterThread(file: string): Promise<Writer> {
  const worker = new Worker(new URL(workerFile, import.meta.url), {
    workerData: { file },
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    name: 'pawl-sqlite',
  })
  await once(worker, 'message')
  const pending: Pending[] = []
  let failure: StoreError | undefined
  const fail = (cause: unknown): void => {
    failure ??= new StoreError('timeout', 'the thread that writes to SQLite ended', { cause })
    for (const each of pending.splice(0)) each.reject(failure)
  }
  worker.on('error', fail)
  worker.on('exit', (code) => fail(`exit code ${code}`))
  worker.on('message', (answers: readonly WriteAnswer[]) => {
    pending.shift()?.resolve(answers)
    if (pending.length === 0) worker.unref()
  })
  // Only now: a first listener for messages holds the process again.
  worker.unref()
  return {
    commit: (requests) => {
      if (failure !== undefined) return Promise.reject(failure)
      const { promise, resolve, reject } = Promise.withResolvers<readonly WriteAnswer[]>()
      if (pending.length === 0) worker.ref()
      pending.push({ resolve, reject })
      worker.postMessage(requests)
      return promise
    },
    close: async () => {
      if (failure !== undefined) return
      const ended = once(worker, 'exit')
      worker.ref()
      worker.postMessage(null)
      await ended
    },
  }
}
