import { isStoreError, StoreError } from '@pawl/core'

/** The most requests that one statement carries. */
const BATCH_MAX = 64
/** Statements of one batcher that are under way at a time; while they are, requests gather. */
const IN_FLIGHT_MAX = 2
/** Requests that may wait; more are refused at once, before anything was sent. */
const WAITING_MAX = 10_000

/** How requests of one sort are carried. */
export interface BatcherOptions<Request, Answer> {
  /** Requests with the same key never share a batch; a batch is sorted by it. */
  keyOf(request: Request): string
  /** Carries a batch; one answer per request, in its order. */
  run(requests: readonly Request[]): Promise<readonly Answer[]>
  /** A request that has waited longer is refused: nobody waits for the answer any more. */
  readonly waitMaxMs: number
}

interface Waiting<Request, Answer> {
  readonly request: Request
  readonly key: string
  readonly sinceMs: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Gathers the requests of one turn of the event loop into one statement. Nothing waits for company:
 * what has come by the end of the turn goes, alone if need be; only while {@link IN_FLIGHT_MAX}
 * statements are under way do requests wait, and then go together. An answer is given when the
 * statement that carried it has been committed.
 */
export function batcher<Request, Answer>(
  options: BatcherOptions<Request, Answer>,
): (request: Request) => Promise<Answer> {
  let waiting: Waiting<Request, Answer>[] = []
  let inFlight = 0
  let isScheduled = false

  function flush(): void {
    isScheduled = false
    while (waiting.length > 0 && inFlight < IN_FLIGHT_MAX) {
      const batch = takeBatch()
      if (batch.length > 0) void carry(batch)
    }
  }

  function takeBatch(): readonly Waiting<Request, Answer>[] {
    const batch = new Map<string, Waiting<Request, Answer>>()
    const left: Waiting<Request, Answer>[] = []
    const oldestMs = performance.now() - options.waitMaxMs
    let taken = 0
    for (const each of waiting) {
      if (batch.size === BATCH_MAX) break
      taken += 1
      if (each.sinceMs < oldestMs) each.reject(tooBusy())
      else if (batch.has(each.key)) left.push(each)
      else batch.set(each.key, each)
    }
    waiting = left.concat(waiting.slice(taken))
    return [...batch.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  async function carry(batch: readonly Waiting<Request, Answer>[]): Promise<void> {
    inFlight += 1
    try {
      const answers = await options.run(batch.map(({ request }) => request))
      for (const [index, each] of batch.entries()) each.resolve(answers[index] as Answer)
    } catch (error) {
      // What is not the database's trouble is one request's fault: the others are not to pay for
      // it.
      if (isStoreError(error) || batch.length === 1) for (const each of batch) each.reject(error)
      else for (const each of batch) await carryAlone(each)
    } finally {
      inFlight -= 1
      flush()
    }
  }

  async function carryAlone({ request, resolve, reject }: Waiting<Request, Answer>): Promise<void> {
    await options.run([request]).then(([answer]) => resolve(answer as Answer), reject)
  }

  return (request) => {
    if (waiting.length >= WAITING_MAX) return Promise.reject(tooBusy())
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const [key, sinceMs] = [options.keyOf(request), performance.now()]
    waiting.push({ request, key, sinceMs, resolve, reject })
    if (!isScheduled) {
      isScheduled = true
      setImmediate(flush)
    }
    return promise
  }
}

function tooBusy(): StoreError {
  return new StoreError('unavailable', 'PostgreSQL is too slow for what is asked of it now')
}
