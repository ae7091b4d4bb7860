import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CorsHeaders } from '../http/cors.ts'
import { type HeaderSink, keepOtherCookies, mergeNames, mergeVary } from '../http/header-sink.ts'
import type { Pawl } from '../pawl.ts'
import { PawlError } from '../pawl-error.ts'
import type { RequestLike } from '../request-like.ts'
import type { GuardVerdict } from '../session/guard.ts'
import type { GuardOptions } from '../session/guard-options.ts'
import type { PawlSession } from '../session/pawl-session.ts'
import type { NewSession } from '../session/start-session.ts'
import type { MaybePromise } from '../tokens/verifier.ts'

/** Tells the address of a request's client. */
export type AddressOf = (request: IncomingMessage) => string | undefined

/**
 * A `node:http` request and the headers of its response as the driver sees them: one object, made
 * without copying anything, for every request of the app gets one.
 */
export class NodeExchange implements RequestLike, HeaderSink {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #addressOf: AddressOf

  constructor(request: IncomingMessage, response: ServerResponse, addressOf: AddressOf) {
    this.#request = request
    this.#response = response
    this.#addressOf = addressOf
  }

  get method(): string {
    return this.#request.method ?? 'GET'
  }

  get url(): string {
    const { originalUrl } = this.#request as { originalUrl?: string }
    return originalUrl ?? this.#request.url ?? '/'
  }

  get headers(): { get(name: string): string | null } {
    return this
  }

  /** A header of the request by its lower-case name. */
  get(name: string): string | null {
    const { headers } = this.#request
    // HTTP/2 has its name for it (RFC 9113 section 8.3.1).
    const value = headers[name] ?? (name === 'host' ? headers[':authority'] : undefined)
    return value === undefined ? null : typeof value === 'string' ? value : value.join(', ')
  }

  get clientAddress(): string | undefined {
    return this.#addressOf(this.#request)
  }

  /** Aborts when the connection closes before the response is complete. */
  get signal(): AbortSignal {
    const controller = new AbortController()
    const response = this.#response
    response.once('close', () => {
      if (!response.writableEnded) controller.abort()
    })
    return controller.signal
  }

  set(name: string, value: string): void {
    this.#response.setHeader(name, value)
  }

  vary(names: string): void {
    addVary(this.#response, names)
  }

  setCookie(name: string, line: string): void {
    addCookie(this.#response, name, line)
  }

  assertOpen(): void {
    if (this.#response.headersSent) {
      throw new Error('change the session before the response is sent: its headers have left')
    }
  }
}

function addVary(response: ServerResponse, names: string): void {
  const former = response.getHeader('vary')
  if (former === undefined) {
    response.setHeader('vary', names)
    return
  }
  const text = Array.isArray(former) ? former.join(', ') : former
  response.setHeader('vary', mergeVary(String(text), names))
}

function addCookie(response: ServerResponse, name: string, line: string): void {
  const former = response.getHeader('set-cookie') ?? []
  const lines = Array.isArray(former) ? former : [String(former)]
  response.setHeader('set-cookie', [...keepOtherCookies(lines, { name, line }), line])
}

/** One request, its response and the session between them. */
export class PawlExchange {
  readonly #pawl: Pawl
  readonly #exchange: NodeExchange
  #session: PawlSession | undefined

  constructor(pawl: Pawl, exchange: NodeExchange) {
    this.#pawl = pawl
    this.#exchange = exchange
  }

  /** The session of the request. Throws if no guard has let one through. */
  get session(): PawlSession {
    if (this.#session === undefined) throw new Error('no guard has found a session: require one')
    return this.#session
  }

  /** The session of the request, or undefined; for optional routes. */
  get sessionIfAny(): PawlSession | undefined {
    return this.#session
  }

  /** Starts a session and sets its tokens on the response. Throws a `PawlError` if refused. */
  async createSession(input: NewSession): Promise<PawlSession> {
    this.#session = await this.#pawl.createSessionInto(this.#exchange, this.#exchange, input)
    return this.#session
  }

  /** Says whose request this is and remembers the session. Await it. */
  guard(options?: GuardOptions): MaybePromise<GuardVerdict> {
    const verdict = this.#pawl.guardInto(this.#exchange, this.#exchange, options)
    return verdict instanceof Promise
      ? verdict.then((settled) => this.#remember(settled))
      : this.#remember(verdict)
  }

  #remember(verdict: GuardVerdict): GuardVerdict {
    this.#session = verdict.kind === 'session' ? verdict.session : undefined
    return verdict
  }
}

/** Sets CORS headers on a response; its own `Vary` and what it exposes already are kept. */
export function setCorsHeaders(response: ServerResponse, headers: CorsHeaders): void {
  if (headers.length === 0) return
  for (const [name, value] of headers) {
    if (name === 'vary') addVary(response, value)
    else if (name === 'access-control-expose-headers') addExposed(response, value)
    else response.setHeader(name, value)
  }
}

function addExposed(response: ServerResponse, names: string): void {
  const former = response.getHeader('access-control-expose-headers')
  const all = former === undefined ? names : mergeNames(String(former), names)
  response.setHeader('access-control-expose-headers', all)
}

/** Sends a response of ours; keeps cookies and `Vary` that others have set. */
export async function sendResponse(response: ServerResponse, ours: Response): Promise<void> {
  // Somebody, a time-out say, has answered meanwhile: nobody is left to be told.
  if (response.headersSent) return
  response.statusCode = ours.status
  for (const [name, value] of ours.headers) {
    if (name === 'vary') addVary(response, value)
    else if (name !== 'set-cookie') response.setHeader(name, value)
  }
  for (const line of ours.headers.getSetCookie()) {
    addCookie(response, line.slice(0, line.indexOf('=')), line)
  }
  response.end(await ours.text())
}

/** Answers a `PawlError`; false for any other error, which is not ours to answer. */
export async function sendPawlError(response: ServerResponse, error: unknown): Promise<boolean> {
  if (!(error instanceof PawlError) || response.headersSent) return false
  await sendResponse(response, error.toResponse())
  return true
}
