import { isStoreError, StoreError } from '@pawl/core'

/** The most requests that one packet carries. */
const BATCH_MAX = 64
/** The most characters that one packet carries, but for a single request that is longer. */
const BATCH_CHARS_MAX = 1_000_000
/** Packets of one batcher that are under way at a time; while they are, requests gather. */
const IN_FLIGHT_MAX = 2
/** Requests that may wait; more are refused at once, before anything was sent. */
const WAITING_MAX = 10_000

/** One row of a statement that takes many. */
export interface SqlRequest {
  /** Requests with the same key never share a batch; a batch is sorted by it. */
  readonly key: string
  /** Its values, quoted. */
  readonly values: readonly string[]
}

interface Waiting<Answer> {
  readonly request: SqlRequest
  readonly chars: number
  readonly sinceMs: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Gathers the requests of one turn of the event loop into one packet. Nothing waits for company:
 * what has come by the end of the turn goes, alone if need be; only while {@link IN_FLIGHT_MAX}
 * packets are under way do requests wait, and then go together. An answer is given when the packet
 * that carried it has been committed.
 *
 * @param run carries a batch; one answer per request, in its order
 * @param waitMaxMs a request that has waited longer is refused: nobody waits for it any more
 */
export function batcher<Answer>(
  run: (requests: readonly SqlRequest[]) => Promise<readonly Answer[]>,
  waitMaxMs: number,
): (request: SqlRequest) => Promise<Answer> {
  let waiting: Waiting<Answer>[] = []
  let inFlight = 0
  let isScheduled = false

  function flush(): void {
    isScheduled = false
    while (waiting.length > 0 && inFlight < IN_FLIGHT_MAX) {
      const batch = takeBatch()
      if (batch.length > 0) void carry(batch)
    }
  }

  function takeBatch(): readonly Waiting<Answer>[] {
    const batch = new Map<string, Waiting<Answer>>()
    const left: Waiting<Answer>[] = []
    const oldestMs = performance.now() - waitMaxMs
    let [taken, chars] = [0, 0]
    for (const each of waiting) {
      chars += each.chars
      if (batch.size === BATCH_MAX || (batch.size > 0 && chars > BATCH_CHARS_MAX)) break
      taken += 1
      if (each.sinceMs < oldestMs) each.reject(tooBusy())
      else if (batch.has(each.request.key)) left.push(each)
      else batch.set(each.request.key, each)
    }
    waiting = left.concat(waiting.slice(taken))
    return [...batch.values()].sort((a, b) => (a.request.key < b.request.key ? -1 : 1))
  }

  async function carry(batch: readonly Waiting<Answer>[]): Promise<void> {
    inFlight += 1
    try {
      const answers = await run(batch.map(({ request }) => request))
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

  async function carryAlone({ request, resolve, reject }: Waiting<Answer>): Promise<void> {
    await run([request]).then(([answer]) => resolve(answer as Answer), reject)
  }

  return (request) => {
    if (waiting.length >= WAITING_MAX) return Promise.reject(tooBusy())
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const chars = request.values.reduce((sum, value) => sum + value.length, 0)
    waiting.push({ request, chars, sinceMs: performance.now(), resolve, reject })
    if (!isScheduled) {
      isScheduled = true
      setImmediate(flush)
    }
    return promise
  }
}

function tooBusy(): StoreError {
  return new StoreError('unavailable', 'MySQL is too slow for what is asked of it now')
}
