import type { ErrorRequestHandler, Request, RequestHandler } from 'express'
import { problemResponse } from '../http/problem.ts'
import type { Pawl } from '../pawl.ts'
import type { GuardVerdict } from '../session/guard.ts'
import { checkGuardOptions, type GuardOptions } from '../session/guard-options.ts'
import {
  type AddressOf,
  NodeExchange,
  PawlExchange,
  sendPawlError,
  sendResponse,
  setCorsHeaders,
} from './node-exchange.ts'

export type { PawlExchange } from './node-exchange.ts'

declare global {
  namespace Express {
    interface Request {
      /** Pawl's side of this request: `session`, `createSession`. Set by `pawlExpress`. */
      pawl: PawlExchange
    }
  }
}

/** How the middleware is mounted. */
export interface PawlExpressOptions {
  /** Whether it answers preflights and sets CORS headers for the listed origins; default true. */
  readonly cors?: boolean
}

/**
 * Express middleware (4 and 5): serves the driver's own routes, sets CORS headers for the listed
 * origins, and puts `req.pawl` on every request. Mount it at the root, before the routes. The
 * client's address is Express's `req.ip`, so its setting `trust proxy` holds. Throws a `TypeError`
 * on options that are wrong.
 */
export function pawlExpress(pawl: Pawl, options: PawlExpressOptions = {}): RequestHandler {
  const { cors: servesCors = true, ...unknown } = options
  if (typeof servesCors !== 'boolean' || Object.keys(unknown).length > 0) {
    throw new TypeError('options of pawlExpress: there is cors alone, true or false')
  }
  const addressOf: AddressOf = (request) => pawl.clientAddress((request as Request).ip, null)
  return (request, response, next) => {
    const exchange = new NodeExchange(request, response, addressOf)
    request.pawl = new PawlExchange(pawl, exchange)
    const own = pawl.handler(exchange)
    if (own !== undefined) {
      own.then((answer) => sendResponse(response, answer)).catch(next)
      return
    }
    if (!servesCors) return next()
    const cors = pawl.cors(exchange)
    if (cors.kind === 'preflight') {
      sendResponse(response, cors.response).catch(next)
      return
    }
    setCorsHeaders(response, cors.headers)
    next()
  }
}

/**
 * Lets only requests with a session through; `req.pawl.session` is then there. Answers the others
 * with a problem document: 401, 403 or 503. With `optional`, requests without credentials pass too
 * (`req.pawl.sessionIfAny`). Throws a `TypeError` at once on options that are wrong.
 */
export function requireSession(options?: GuardOptions): RequestHandler {
  if (options !== undefined) checkGuardOptions(options)
  return (request, response, next) => {
    if (request.pawl === undefined) return next(new Error('mount pawlExpress(pawl) first'))
    const verdict = request.pawl.guard(options)
    if (!(verdict instanceof Promise) && verdict.kind !== 'refused') return next()
    const settle = (settled: GuardVerdict): void => {
      if (settled.kind !== 'refused') next()
      else sendResponse(response, problemResponse(settled.refusal)).catch(next)
    }
    if (verdict instanceof Promise) verdict.then(settle).catch(next)
    else settle(verdict)
  }
}

/**
 * Answers a `PawlError` that a route let through with its problem document; passes other errors on.
 * Mount it after the routes. Without it Express answers with the right status and its own body.
 */
export function pawlErrors(): ErrorRequestHandler {
  return (error, _request, response, next) => {
    sendPawlError(response, error)
      .then((isAnswered) => {
        if (!isAnswered) next(error)
      })
      .catch(next)
  }
}
