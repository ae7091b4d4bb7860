import { StoreError } from '@pawl/core'
import type { WriteAnswer } from './transaction.ts'
import type { WriteInput, WriteName, WriteOutput, WriteRequest } from './writes.ts'

/** The most writes that share a transaction. */
export const BATCH_MAX = 64
/** The most writes that may wait; beyond it the store says that it is not available. */
const WAITING_MAX = 10_000
/** A write that waited longer than this for its turn is not begun, in milliseconds. */
const WAIT_MAX_MS = 10_000

/** Commits batches of writes, and answers each when its batch is on the disk. */
export interface GroupCommit {
  submit<Name extends WriteName>(name: Name, input: WriteInput<Name>): Promise<WriteOutput<Name>>
  /** Resolves when nothing waits and nothing is under way. */
  settled(): Promise<void>
}

interface Waiting {
  readonly request: WriteRequest
  readonly sinceMs: number
  readonly resolve: (output: WriteOutput<WriteName>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: writes that arrive while a commit is under way share the next one. A write that
 * finds none under way goes in this turn of the event loop, with those of the same turn, and never
 * waits for company.
 */
export function groupCommit(
  commit: (requests: readonly WriteRequest[]) => Promise<readonly WriteAnswer[]>,
): GroupCommit {
  let waiting: Waiting[] = []
  let isCommitting = false
  let isFlushQueued = false
  let onSettled: (() => void)[] = []

  const flush = (): void => {
    isFlushQueued = false
    if (isCommitting) return
    if (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_MAX)
      waiting = waiting.slice(BATCH_MAX)
      isCommitting = true
      void commitBatch(batch)
      return
    }
    for (const tell of onSettled) tell()
    onSettled = []
  }

  const commitBatch = async (batch: readonly Waiting[]): Promise<void> => {
    const timely = refuseStale(batch)
    try {
      const requests = timely.map(({ request }) => request)
      const answers = requests.length === 0 ? [] : await commit(requests)
      timely.forEach((write, index) => {
        settle(write, answers[index])
      })
    } catch (error) {
      for (const write of timely) write.reject(error)
    }
    isCommitting = false
    queueFlush()
  }

  const queueFlush = (): void => {
    if (isFlushQueued || isCommitting) return
    isFlushQueued = true
    setImmediate(flush)
  }

  return {
    submit: <Name extends WriteName>(name: Name, input: WriteInput<Name>) => {
      const { promise, resolve, reject } = Promise.withResolvers<WriteOutput<Name>>()
      if (waiting.length >= WAITING_MAX) {
        reject(new StoreError('unavailable', 'too many writes wait for the SQLite database'))
        return promise
      }
      waiting.push({
        request: { name, input },
        sinceMs: performance.now(),
        resolve: resolve as Waiting['resolve'],
        reject,
      })
      queueFlush()
      return promise
    },
    settled: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      onSettled.push(resolve)
      queueFlush()
      return promise
    },
  }
}

/** What its caller has given up on long ago is better not done. */
function refuseStale(batch: readonly Waiting[]): readonly Waiting[] {
  const oldestMs = performance.now() - WAIT_MAX_MS
  return batch.filter((write) => {
    if (write.sinceMs >= oldestMs) return true
    write.reject(new StoreError('unavailable', 'the SQLite database did not keep up with writes'))
    return false
  })
}

function settle(write: Waiting, answer: WriteAnswer | undefined): void {
  if (answer === undefined) write.reject(new Error('a write was not answered'))
  else if ('output' in answer) write.resolve(answer.output)
  else {
    const { kind, message, cause } = answer.fault
    const error = kind === null ? new Error(message, { cause }) : undefined
    write.reject(error ?? new StoreError(kind ?? 'unavailable', message, { cause }))
  }
}
