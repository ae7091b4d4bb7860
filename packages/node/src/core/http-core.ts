import { setTimeout as sleep } from 'node:timers/promises'
import {
  isGivenObject,
  type Operation,
  type Outcome,
  type RequestOf,
  type ResponseOf,
  ROUTES,
  refuse,
} from '@pawl/protocol'
import type { CoreCalls, ReportFault } from '../ports.ts'
import { type CoreLimits, type CorePool, type CorePoolOptions, openCorePool } from './core-pool.ts'
import { decodeAnswer } from './decode-answer.ts'
import { encodeCall } from './encode-call.ts'
import { httpFeed } from './http-feed.ts'

/** Bounds unless the app sets others. */
export const CORE_LIMITS: CoreLimits = {
  connections: 16,
  callsMax: 1_024,
  connectTimeoutMs: 1_000,
  headersTimeoutMs: 10_000,
}

/** How often a read is tried again. */
const RETRIES_MAX = 2
/** Upper end of the first wait before a retry, in ms; the second is twice as long. */
const RETRY_WAIT_MS = 100
/** A call waits no longer than this for anything, in ms. */
const DEADLINE_MS = 15_000

/** What a core behind a URL needs. */
interface HttpCoreOptions extends CorePoolOptions {
  /** Race window of the app in ms, once known; asked per refresh, given up after half of it. */
  readonly raceWindowMs: () => number | undefined
  readonly reportFault: ReportFault
}

/** Reads: tried again when the core did not answer for itself. */
const REPEATABLE: ReadonlySet<Operation> = new Set<Operation>([
  'verifySession',
  'getSession',
  'listSessions',
  'getSettings',
  'getKeys',
])
/** Calls that may be given up when the client has gone: the others are finished for it. */
const ABORTABLE: ReadonlySet<Operation> = new Set<Operation>([
  'refreshSession',
  'verifySession',
  'listRevocations',
])

/** When a call is given up. */
interface Patience {
  readonly signal: AbortSignal
  /** Whether the one it was made for has gone: that is nobody's fault. */
  readonly isDeserted: () => boolean
}

/** Sends one call of the route table until it is answered or given up. Never throws. */
type Send = <K extends Operation>(
  operation: K,
  request: RequestOf<K>,
  patience: Patience,
) => Promise<Outcome<ResponseOf<K>>>

/**
 * A core behind a URL: every operation of the route table over one pool of kept-alive connections.
 * Bounded in time, number and size; redirects are never followed; whatever goes wrong below is the
 * refusal `unavailable`. Nothing but reads is ever sent twice.
 */
export function httpCore(options: HttpCoreOptions): CoreCalls {
  const pool = openCorePool(options)
  const send = makeSend(pool, options)
  const { callsMax } = options.limits
  let calls = 0

  async function callCore<K extends Operation>(
    operation: K,
    request: RequestOf<K>,
    signal: AbortSignal | undefined,
  ): Promise<Outcome<ResponseOf<K>>> {
    if (calls >= callsMax) return refuse('unavailable', 'too many calls wait for the core')
    const given = signal !== undefined && ABORTABLE.has(operation) ? signal : undefined
    if (given?.aborted === true) return refuse('unavailable', 'the client has gone')
    const deadline = new AbortController()
    const giveUp = (): void => deadline.abort()
    const timer = setTimeout(giveUp, deadlineMs(operation, options))
    given?.addEventListener('abort', giveUp, { once: true })
    calls += 1
    try {
      return await send(operation, request, {
        signal: deadline.signal,
        isDeserted: () => given?.aborted === true && !isTimeout(given.reason),
      })
    } finally {
      calls -= 1
      clearTimeout(timer)
      given?.removeEventListener('abort', giveUp)
    }
  }

  const operations = Object.keys(ROUTES) as Operation[]
  const entries = operations.map((operation) => [
    operation,
    (request: RequestOf<Operation>, signal?: AbortSignal) => callCore(operation, request, signal),
  ])
  const core = Object.assign(Object.fromEntries(entries), { close: pool.close }) as CoreCalls
  return { ...core, followRevocations: httpFeed(options, core.listRevocations) }
}

function makeSend(pool: CorePool, { url, reportFault }: HttpCoreOptions): Send {
  return async (operation, request, { signal, isDeserted }) => {
    const fault = faultOfObjects(request)
    if (fault !== null) return refuse('invalid_request', fault)
    const call = encodeCall(operation, request, url.basePath)
    if (call === undefined) return refuse('invalid_request', 'a name in the path is no name')
    const attempt = async () => {
      try {
        const { outcome, fault, isTheirs } = decodeAnswer(operation, await pool.send(call, signal))
        if (fault !== undefined) reportFault({ where: 'core', message: fault })
        return { outcome, isTheirs }
      } catch (cause) {
        if (!isDeserted()) {
          reportFault({ where: 'core', message: `${operation} did not reach the core`, cause })
        }
        return { outcome: refuse('unavailable'), isTheirs: false }
      }
    }
    let { outcome, isTheirs } = await attempt()
    const retries = REPEATABLE.has(operation) ? RETRIES_MAX : 0
    // A core that answers, be it that it has too much to do, is not asked for more.
    for (let tried = 0; tried < retries && !isTheirs && !signal.aborted; tried += 1) {
      await sleep(RETRY_WAIT_MS * 2 ** tried * (0.5 + Math.random() / 2))
      const next = await attempt()
      outcome = next.outcome
      isTheirs = next.isTheirs
    }
    return outcome
  }
}

/** Whether a signal was aborted by the clock: a core that is slow is a fault. */
function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}

function deadlineMs(operation: Operation, options: HttpCoreOptions): number {
  if (operation !== 'refreshSession') return DEADLINE_MS
  const raceWindowMs = options.raceWindowMs()
  return raceWindowMs ? Math.min(raceWindowMs / 2, DEADLINE_MS) : DEADLINE_MS
}

/** What an application keeps with a session: as JSON some of it would become something else. */
const OBJECTS = ['claims', 'data', 'device'] as const

function faultOfObjects(request: unknown): string | null {
  const fields = { ...(request as { readonly [name: string]: unknown } | undefined) }
  const wrong = OBJECTS.find((name) => {
    const given = fields[name]
    return given !== undefined && !isGivenObject(given)
  })
  return wrong === undefined ? null : `${wrong}: must be a JSON object of plain values`
}
