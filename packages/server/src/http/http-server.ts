import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import { isStoreError } from '@pawl/core'
import { ROUTES, refuse } from '@pawl/protocol'
import type { Log } from '../log/logger.ts'
import type { Meter } from '../metrics/meter.ts'
import { addressList } from './address-list.ts'
import type { EdgeContext, Handled } from './edge-context.ts'
import { handleRequest } from './handle-request.ts'
import { problemReply, writeReply } from './respond.ts'
import type { Visit, Visits } from './visit.ts'

const HEADER_BYTES_MAX = 16_384
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than the idle time of our own drivers, which close first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000
const CONNECTIONS_MAX = 8_192
/** Between two lines about strangers. */
const TELL_INTERVAL_MS = 60_000
/**
 * Paths that are answered however much else is in flight: a supervisor that is refused kills the
 * core that only waits for its store, a gateway without keys refuses everybody, and metrics are for
 * such times.
 */
const SPARED =
  /^(?:\/metrics|\/health\/(?:live|ready)|(?:\/ap[^?]*)?\/\.well-known\/[^?/]+)(?:\?|$)/
/**
 * Requests whose events do not name them: following one costs 5 µs, a fiftieth of a refresh, and
 * its line in the log names the same session.
 */
const FREQUENT: ReadonlySet<string> = new Set([
  ROUTES.refreshSession.path,
  ROUTES.verifySession.path,
  '/recipe/session/refresh',
  '/recipe/session/verify',
])

/** How the listener behaves. */
export interface HttpOptions {
  readonly context: EdgeContext
  readonly log: Log
  readonly meter: Meter
  /** Followed through what is done for a request. */
  readonly visits: Visits
  readonly inFlightMax: number
  /** Who may connect: addresses and CIDR blocks; empty for anybody. */
  readonly allowedAddresses: readonly string[]
}

/** A listener that can say when nothing is in flight. */
export interface HttpListener {
  readonly server: Server
  /** Requests that are worked on now. */
  readonly inFlight: () => number
  /** Streams that are open now. */
  readonly streams: () => number
  /** Stops accepting, waits for what is in flight, at most `graceMs`, then cuts the rest off. */
  readonly stop: (graceMs: number) => Promise<void>
}

/**
 * Bare `node:http` with strict limits; every request ends in exactly one reply and one log line.
 */
export function httpListener(options: HttpOptions): HttpListener {
  const { context, log, meter, visits, inFlightMax } = options
  const nextRequestId = requestIds()
  let inFlight = 0
  let streams = 0
  const server = boundedServer((request, response) => void answer(request, response))
  if (options.allowedAddresses.length > 0) cutOffOthers(server, options)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const visit: Visit = { arrivedMs: performance.now(), requestId: nextRequestId() }
    const weight = SPARED.test(request.url ?? '') ? 0 : 1
    inFlight += weight
    const handled =
      weight > 0 && inFlight > inFlightMax
        ? overloaded(meter)
        : await follow(request, visit).catch((error: unknown) => failed(visit, error))
    inFlight -= weight
    const streaming = handled.stream?.(response, visit.requestId)
    const settled = streaming === undefined ? handled : await settle(handled, streaming, visit)
    const { reply, route, keyId, handle, code } = settled
    const { requestId, arrivedMs } = visit
    if (settled.stream === undefined) {
      writeReply(request, response, { reply, closes: context.isStopping(), requestId })
    }
    const ms = Math.round((performance.now() - arrivedMs) * 10) / 10
    const { method } = request
    const line = { requestId, method, status: reply.status, ms, route, keyId, handle, code }
    meter.request(line, settled.stream !== undefined)
    log.request(line)
  }

  /** What comes of a request; unless it is a frequent one, events on its way know it. */
  function follow(request: IncomingMessage, visit: Visit): Promise<Handled> {
    return FREQUENT.has(request.url ?? '')
      ? handleRequest(context, request, visit)
      : visits.run(visit, handleRequest, context, request, visit)
  }

  /** Streams to its end; one that did not even begin is answered as any request that failed. */
  function settle(handled: Handled, streaming: Promise<void>, visit: Visit): Promise<Handled> {
    streams += 1
    return streaming
      .then(
        () => handled,
        (error: unknown) => failed(visit, error),
      )
      .finally(() => {
        streams -= 1
      })
  }

  /** The last resort: nothing of the error leaves the service. */
  function failed({ requestId }: Visit, error: unknown): Handled {
    meter.trouble(error)
    log.trouble('a request failed', error, { requestId })
    const refusal = refuse(isStoreError(error) ? 'unavailable' : 'internal')
    return { reply: problemReply(refusal), route: 'none', code: refusal.code }
  }

  return {
    server,
    inFlight: () => inFlight,
    streams: () => streams,
    stop: (graceMs) => stopServer(server, graceMs),
  }
}

/** A server of HTTP/1.1 with a bound on everything that a client can make long. */
function boundedServer(onRequest: RequestListener): Server {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      insecureHTTPParser: false,
    },
    onRequest,
  )
  // The parser would drop what is too many; admission refuses it. Bytes are bounded above.
  server.maxHeadersCount = 0
  server.maxConnections = CONNECTIONS_MAX
  server.on('clientError', refuseUnreadable)
  return server
}

/** Strangers are cut off before a byte of theirs is read; one line a minute tells of them. */
function cutOffOthers(server: Server, { allowedAddresses, log, meter }: HttpOptions): void {
  const allowed = addressList(allowedAddresses)
  let toldMs = Number.NEGATIVE_INFINITY
  server.on('connection', (socket) => {
    const address = socket.remoteAddress
    if (allowed.has(address)) return
    socket.destroy()
    meter.limited('address')
    const nowMs = performance.now()
    if (nowMs - toldMs < TELL_INTERVAL_MS) return
    toldMs = nowMs
    log.warn('a connection was cut off: its address is not among those allowed', { address })
  })
}

async function stopServer(server: Server, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await promise
  clearTimeout(timer)
}

function overloaded(meter: Meter): Handled {
  meter.limited('in-flight')
  const refusal = refuse('unavailable', 'too many requests are in flight')
  return { reply: problemReply(refusal), route: 'none', code: refusal.code }
}

/** Ids that tell requests of all processes apart: a random start and a counter. */
function requestIds(): () => string {
  const start = Math.floor(Math.random() * 2 ** 40).toString(36)
  let count = 0
  return () => `${start}-${(++count).toString(36)}`
}

/** Answers what the parser of HTTP refused; there is no request to speak of. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return
  const isOverflow = error.code === 'HPE_HEADER_OVERFLOW'
  const isTimeout = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const status = isOverflow
    ? '431 Request Header Fields Too Large'
    : isTimeout
      ? '408 Request Timeout'
      : '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
