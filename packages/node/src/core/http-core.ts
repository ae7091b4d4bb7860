import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Operation,
  type Outcome,
  type RequestOf,
  type ResponseOf,
  ROUTES,
  refuse,
} from '@pawl/protocol'
import { Pool } from 'undici'
import type { CoreCalls, ReportFault } from '../ports.ts'
import type { CoreUrl } from './core-url.ts'
import { decodeAnswer, type RawAnswer } from './decode-answer.ts'
import { type EncodedCall, encodeCall } from './encode-call.ts'

/** Bounds of the connection to the core. */
export interface CoreLimits {
  /** Connections held open; default 16. */
  readonly connections: number
  /** Calls in flight or waiting; more are refused as `unavailable` at once; default 1024. */
  readonly callsMax: number
  /** Time to connect, in ms; default 1000. */
  readonly connectTimeoutMs: number
  /** Time to the first byte of the answer, in ms; default 10000. */
  readonly headersTimeoutMs: number
}

/** Defaults of {@link CoreLimits}. */
export const CORE_LIMITS: CoreLimits = {
  connections: 16,
  callsMax: 1_024,
  connectTimeoutMs: 1_000,
  headersTimeoutMs: 10_000,
}

/** Largest answer that is read, in bytes. */
const ANSWER_BYTES_MAX = 1_048_576
/** How often a read is tried again. */
const RETRIES_MAX = 2
/** Upper end of the first wait before a retry, in ms; the second is twice as long. */
const RETRY_WAIT_MS = 100
/** A call waits no longer than this for anything, in ms. */
const DEADLINE_MS = 15_000

/** What a core behind a URL needs. */
export interface HttpCoreOptions {
  readonly url: CoreUrl
  readonly apiKey: string | undefined
  readonly limits: CoreLimits
  /** Certificates for TLS: an own authority, or a client certificate. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** Race window of the app in ms, once known: a refresh is given up after half of it. Asked per refresh. */
  readonly raceWindowMs: () => number | undefined
  readonly reportFault: ReportFault
}

/** Reads: tried again when the core is not to be reached. */
const REPEATABLE: ReadonlySet<Operation> = new Set<Operation>([
  'verifySession',
  'getSession',
  'listSessions',
  'getSettings',
  'getKeys',
])
/** Calls that may be given up when the client has gone: the others are finished for it. */
const ABORTABLE: ReadonlySet<Operation> = new Set<Operation>(['refreshSession', 'verifySession'])

/**
 * A core behind a URL: every operation of the route table over one pool of kept-alive connections.
 * Bounded in time, number and size; redirects are never followed; whatever goes wrong below is the
 * refusal `unavailable`. Nothing but reads is ever sent twice.
 */
export function httpCore(options: HttpCoreOptions): CoreCalls {
  const { url, limits } = options
  const pool = new Pool(url.origin, {
    connections: limits.connections,
    pipelining: 1,
    // Named one by one: no option of ours turns the verification of certificates off.
    connect: { timeout: limits.connectTimeoutMs, ...certificatesOf(options.tls) },
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.headersTimeoutMs,
  })
  const headers: { [name: string]: string } = { accept: 'application/json' }
  if (options.apiKey !== undefined) headers.authorization = `Bearer ${options.apiKey}`
  const bodyHeaders = { ...headers, 'content-type': 'application/json' }
  let calls = 0

  async function send(call: EncodedCall, signal: AbortSignal): Promise<RawAnswer> {
    const answer = await pool.request({
      method: call.method,
      path: call.path,
      headers: call.body === null ? headers : bodyHeaders,
      body: call.body,
      signal,
    })
    const text = await readBounded(answer.body)
    const header = (name: string): string | undefined => {
      const value = answer.headers[name]
      return Array.isArray(value) ? value[0] : value
    }
    return { status: answer.statusCode, header, body: text }
  }

  async function attempt<K extends Operation>(
    operation: K,
    call: EncodedCall,
    signal: AbortSignal,
  ): Promise<Outcome<ResponseOf<K>>> {
    try {
      const { outcome, fault } = decodeAnswer(operation, await send(call, signal))
      if (fault !== undefined) options.reportFault({ where: 'core', message: fault })
      return outcome
    } catch (cause) {
      options.reportFault({ where: 'core', message: `${operation} did not reach the core`, cause })
      return refuse('unavailable')
    }
  }

  async function run<K extends Operation>(
    operation: K,
    request: RequestOf<K>,
    signal: AbortSignal,
  ): Promise<Outcome<ResponseOf<K>>> {
    const call = encodeCall(operation, request, url.basePath)
    let outcome = await attempt(operation, call, signal)
    const retries = REPEATABLE.has(operation) ? RETRIES_MAX : 0
    for (let tried = 0; tried < retries && isUnavailable(outcome) && !signal.aborted; tried += 1) {
      const waitMs = RETRY_WAIT_MS * 2 ** tried * (0.5 + Math.random() / 2)
      await sleep(waitMs, undefined, { ref: false })
      outcome = await attempt(operation, call, signal)
    }
    return outcome
  }

  async function callCore<K extends Operation>(
    operation: K,
    request: RequestOf<K>,
    signal?: AbortSignal,
  ): Promise<Outcome<ResponseOf<K>>> {
    if (calls >= limits.callsMax) return refuse('unavailable', 'too many calls wait for the core')
    const given = signal !== undefined && ABORTABLE.has(operation) ? signal : undefined
    if (given?.aborted === true) return refuse('unavailable', 'the client has gone')
    const deadline = new AbortController()
    const giveUp = (): void => deadline.abort()
    const timer = setTimeout(giveUp, deadlineMs(operation, options))
    given?.addEventListener('abort', giveUp, { once: true })
    calls += 1
    try {
      return await run(operation, request, deadline.signal)
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
  const close = async (): Promise<void> => {
    if (!pool.destroyed && !pool.closed) await pool.close()
  }
  return Object.assign(Object.fromEntries(entries), { close }) as CoreCalls
}

function isUnavailable(outcome: Outcome<unknown>): boolean {
  return outcome.kind === 'refused' && outcome.code === 'unavailable'
}

function deadlineMs(operation: Operation, options: HttpCoreOptions): number {
  if (operation !== 'refreshSession') return DEADLINE_MS
  const raceWindowMs = options.raceWindowMs()
  return raceWindowMs ? Math.min(raceWindowMs / 2, DEADLINE_MS) : DEADLINE_MS
}

function certificatesOf(tls: HttpCoreOptions['tls']): HttpCoreOptions['tls'] {
  const { ca, cert, key } = tls
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer of the core is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
