import { isStoreError, StoreError } from '@pawl/core'

/** The most requests that one batch carries. */
const BATCH_MAX = 64
/** Batches of one gathering that are under way at a time; while they are, requests gather. */
const IN_FLIGHT_MAX = 2
/** Requests that may wait; more are refused at once, before anything was sent. */
const WAITING_MAX = 10_000

/** How requests of one sort are carried. */
export interface Gathering<Request, Answer> {
  /** The engine's own name. */
  readonly title: string
  /** Requests with the same key never share a batch; a batch is sorted by it. */
  keyOf(request: Request): string
  /** Carries a batch; one answer per request, in its order. */
  run(requests: readonly Request[]): Promise<readonly Answer[]>
  /** A request that has waited longer is refused: nobody waits for the answer any more. */
  readonly waitMaxMs: number
  /** What a request takes up of a batch, and how much a batch holds, but for a lone request. */
  readonly size?: { of(request: Request): number; readonly max: number }
}

interface Waiting<Request, Answer> {
  readonly request: Request
  readonly key: string
  readonly size: number
  readonly sinceMs: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Gathers the requests of one turn of the event loop into one batch: a statement, a packet.
 * Nothing waits for company: what has come by the end of the turn goes, alone if need be; only
 * while {@link IN_FLIGHT_MAX} batches are under way do requests wait, and then go together. An
 * answer is given when the batch that carried it has been committed.
 *
 * A batch that fails with a `StoreError` fails all its requests; with anything else, each is
 * carried by itself.
 */
export function gatherCalls<Request, Answer>(
  gathering: Gathering<Request, Answer>,
): (request: Request) => Promise<Answer> {
  const { size: sizes } = gathering
  const sizeMax = sizes?.max ?? Infinity
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
    const oldestMs = performance.now() - gathering.waitMaxMs
    let [taken, size] = [0, 0]
    for (const each of waiting) {
      size += each.size
      if (batch.size === BATCH_MAX || (batch.size > 0 && size > sizeMax)) break
      taken += 1
      if (each.sinceMs < oldestMs) each.reject(tooBusy(gathering.title))
      else if (batch.has(each.key)) left.push(each)
      else batch.set(each.key, each)
    }
    waiting = left.concat(waiting.slice(taken))
    return [...batch.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  async function carry(batch: readonly Waiting<Request, Answer>[]): Promise<void> {
    inFlight += 1
    try {
      const answers = await gathering.run(batch.map(({ request }) => request))
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
    await gathering.run([request]).then(([answer]) => resolve(answer as Answer), reject)
  }

  return (request) => {
    if (waiting.length >= WAITING_MAX) return Promise.reject(tooBusy(gathering.title))
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const key = gathering.keyOf(request)
    const size = sizes === undefined ? 0 : sizes.of(request)
    waiting.push({ request, key, size, sinceMs: performance.now(), resolve, reject })
    if (!isScheduled) {
      isScheduled = true
      setImmediate(flush)
    }
    return promise
  }
}

function tooBusy(title: string): StoreError {
  return new StoreError('unavailable', `${title} is too slow for what is asked of it now`)
}
