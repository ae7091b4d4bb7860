import type { IncomingMessage, ServerResponse } from 'node:http'
import { problemResponse } from '../http/problem.ts'
import type { Pawl } from '../pawl.ts'
import type { GuardVerdict } from '../session/guard.ts'
import { checkGuardOptions, type GuardOptions } from '../session/guard-options.ts'
import { whenRejected } from '../when-rejected.ts'
import {
  type AddressOf,
  NodeExchange,
  PawlExchange,
  sendPawlError,
  sendResponse,
  setCorsHeaders,
} from './node-exchange.ts'

export type { PawlExchange } from './node-exchange.ts'

/** A request handler that gets the session's side of the exchange. */
export type PawlHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  pawl: PawlExchange,
) => unknown

/** A listener for `http.createServer`. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void

/**
 * A `node:http` listener: serves the driver's own routes and CORS, and hands every other request to
 * `handler` with its exchange. A `PawlError` the handler throws is answered; any other error is
 * answered with a bare 500 and told `onError`.
 */
export function pawlListener(
  pawl: Pawl,
  handler: PawlHandler,
  onError: (error: unknown) => void = (error) => process.emitWarning(String(error)),
): Listener {
  const addressOf = addressReader(pawl)
  const fail = async (response: ServerResponse, error: unknown): Promise<void> => {
    if (await sendPawlError(response, error)) return
    tell(onError, error)
    if (!response.headersSent) response.writeHead(500)
    response.end()
  }
  // Not an async function: a route that answers at once is served without a promise.
  return (request, response) => {
    try {
      const exchange = new NodeExchange(request, response, addressOf)
      const served =
        serveOwn(pawl, exchange, response) ??
        handler(request, response, new PawlExchange(pawl, exchange))
      whenRejected(served, (error) => fail(response, error))
    } catch (error) {
      void fail(response, error)
    }
  }
}

/** Tells of an error. A teller that fails itself must not end the process. */
function tell(onError: (error: unknown) => void, error: unknown): void {
  const failed = (cause: unknown): void =>
    process.emitWarning(`onError failed: ${String(cause)}`, { code: 'PAWL_FAULT' })
  try {
    whenRejected(onError(error), failed)
  } catch (cause) {
    failed(cause)
  }
}

/** Serves the driver's own routes and preflights; sets CORS headers on everything else. */
function serveOwn(
  pawl: Pawl,
  exchange: NodeExchange,
  response: ServerResponse,
): Promise<void> | undefined {
  const own = pawl.handler(exchange)
  if (own !== undefined) return own.then((answer) => sendResponse(response, answer))
  const cors = pawl.cors(exchange)
  if (cors.kind === 'preflight') return sendResponse(response, cors.response)
  setCorsHeaders(response, cors.headers)
  return undefined
}

function addressReader(pawl: Pawl): AddressOf {
  return (request) => {
    const forwarded = request.headers['x-forwarded-for']
    const chain = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
    return pawl.clientAddress(request.socket.remoteAddress, chain ?? null)
  }
}

/**
 * Lets only requests with a session through to `handler`; answers the others. With `optional`,
 * anonymous requests pass too (`sessionIfAny`). Throws a `TypeError` at once on options that are
 * wrong.
 */
export function requireSession(handler: PawlHandler, options?: GuardOptions): PawlHandler {
  if (options !== undefined) checkGuardOptions(options)
  return (request, response, pawl) => {
    const verdict = pawl.guard(options)
    if (!(verdict instanceof Promise) && verdict.kind !== 'refused') {
      return handler(request, response, pawl)
    }
    const settle = (settled: GuardVerdict): unknown =>
      settled.kind === 'refused'
        ? sendResponse(response, problemResponse(settled.refusal))
        : handler(request, response, pawl)
    return verdict instanceof Promise ? verdict.then(settle) : settle(verdict)
  }
}
