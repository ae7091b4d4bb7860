import type { JsonObjectValue, VerifiedSession } from '@pawl/protocol'
import { refuse } from '@pawl/protocol'
import { type HeaderSink, isOpen } from '../http/header-sink.ts'
import type { Transport } from '../options.ts'
import { PawlError } from '../pawl-error.ts'
import type { RequestLike } from '../request-like.ts'
import { frozenCopy } from '../tokens/frozen-copy.ts'
import {
  type Authentication,
  authenticationClaims,
  authenticationIn,
  withAuthentication,
} from './authentication.ts'
import { readRefreshTokens } from './credentials.ts'
import { type Driver, noteEnded, unwrap } from './driver.ts'
import { handOverAccess, withdraw } from './hand-over.ts'

/**
 * The session of one request. What it tells was verified; what it changes goes to the core, and new
 * tokens go into the response of the request at once. The methods throw a `PawlError` when refused
 * (`unavailable`, `session_not_found`, …) and an `Error` if the response's headers have left.
 */
export interface PawlSession {
  /** The public name of the session; no credential. */
  readonly handle: string
  readonly userId: string
  readonly tenant: string
  /** Claims of the access token. Frozen. */
  readonly claims: JsonObjectValue
  /** When the access token was issued and when it expires, ms since the epoch. */
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  /**
   * Replaces the claims of the session. The front end gets its new access token with this response,
   * or with its next refresh if the present one has expired since the guard looked; an older one
   * keeps its old claims until it expires. What a log-in has written (`auth_time`, `acr`, `amr`)
   * stays as it is, whatever is said of it here. Refused: `claims_reserved`, `token_too_large`.
   */
  replaceClaims(claims: JsonObjectValue): Promise<void>
  /**
   * Notes that the user of this session has just been authenticated once more, by the caller: what
   * the claims said of the last time (`auth_time`, `acr`, `amr`) is replaced whole, all else stays.
   * The front end gets its new access token as with `replaceClaims`. Claims that another request
   * writes between its reading and its writing are lost. Refused: `invalid_request`,
   * `token_too_large`.
   */
  reauthenticated(authentication?: Authentication): Promise<void>
  /** The server-side data of the session. */
  getData(): Promise<JsonObjectValue>
  /** Replaces the server-side data. */
  replaceData(data: JsonObjectValue): Promise<void>
  /** Ends the session and takes the tokens back with this response. */
  revoke(): Promise<void>
  /** Ends all other sessions of the user; gives back their handles. */
  revokeOthers(): Promise<readonly string[]>
}

/** How a session reaches the response of its request. */
export interface SessionChannel {
  readonly request: RequestLike
  readonly sink: HeaderSink
  readonly transport: Transport
  /** Whether its cookies outlive the browser; default: as those that the request came with. */
  readonly persistent?: boolean
}

/** {@link PawlSession} over a verified access token. */
export class RequestSession implements PawlSession {
  readonly #driver: Driver
  readonly #channel: SessionChannel
  readonly #verified: VerifiedSession
  #token: string
  #claims: JsonObjectValue

  /** `token` is the access token that the request came with, or was just given. */
  constructor(
    driver: Driver,
    channel: SessionChannel,
    { verified, token }: { readonly verified: VerifiedSession; readonly token: string },
  ) {
    this.#driver = driver
    this.#channel = channel
    this.#verified = verified
    this.#token = token
    this.#claims = verified.claims
  }

  get handle(): string {
    return this.#verified.handle
  }

  get userId(): string {
    return this.#verified.userId
  }

  get tenant(): string {
    return this.#verified.tenant
  }

  get claims(): JsonObjectValue {
    return this.#claims
  }

  get issuedAtMs(): number {
    return this.#verified.issuedAtMs
  }

  get expiresAtMs(): number {
    return this.#verified.expiresAtMs
  }

  async replaceClaims(claims: JsonObjectValue): Promise<void> {
    this.#channel.sink.assertOpen()
    const told = authenticationIn(this.#claims)
    // There may be a later log-in than this token tells of; without any nothing needs to be asked.
    const isTold = Object.keys(told).length > 0
    const kept = isTold ? authenticationIn(await this.#storedClaims()) : told
    await this.#writeClaims(withAuthentication(claims, kept))
  }

  async reauthenticated(authentication: Authentication = {}): Promise<void> {
    this.#channel.sink.assertOpen()
    const { time, nowMs } = this.#driver
    if (!time.isSettled) await time.settle()
    const told = authenticationClaims(authentication, nowMs())
    await this.#writeClaims(withAuthentication(await this.#storedClaims(), told))
  }

  async #storedClaims(): Promise<JsonObjectValue> {
    return unwrap(await this.#driver.core.getSession(this.#key())).claims
  }

  async #writeClaims(claims: JsonObjectValue): Promise<void> {
    const { request, sink, transport } = this.#channel
    const { config, core, nowMs } = this.#driver
    const reissued = await core.replaceClaims({
      ...this.#key(),
      claims,
      accessToken: this.#token,
    })
    // The token has expired since the guard looked: its successor brings the claims.
    const isOutlived = reissued.kind === 'refused' && reissued.code === 'access_token_invalid'
    const { session, accessToken } = unwrap(
      isOutlived ? await core.replaceClaims({ ...this.#key(), claims }) : reissued,
    )
    this.#claims = frozenCopy(session.claims)
    if (accessToken === null) return
    const raceWindowMs = await this.#driver.raceWindowMs()
    sink.assertOpen()
    const { persistent = readRefreshTokens(request, transport, config).persistent } = this.#channel
    const delivery = {
      config,
      request,
      transport,
      sink,
      nowMs: nowMs(),
      persistent,
      raceWindowMs,
      watchHeaderBytes: this.#driver.watchHeaderBytes,
    }
    const { token, expiresAtMs } = accessToken
    const { lineage } = this.#verified
    if (!handOverAccess(delivery, { token, expiresAtMs, session, lineage })) {
      throw new PawlError(refuse('token_too_large'))
    }
    this.#token = token
  }

  async getData(): Promise<JsonObjectValue> {
    return unwrap(await this.#driver.core.getSession(this.#key())).data
  }

  async replaceData(data: JsonObjectValue): Promise<void> {
    unwrap(await this.#driver.core.replaceData({ ...this.#key(), data }))
  }

  async revoke(): Promise<void> {
    const { request, sink, transport } = this.#channel
    sink.assertOpen()
    unwrap(await this.#driver.core.revokeSession(this.#key()))
    noteEnded(this.#driver, 'revoked', this.#subject())
    // If it has left meanwhile: the tokens it does not take back are good for nothing.
    if (isOpen(sink)) withdraw({ config: this.#driver.config, request, transport, sink })
  }

  async revokeOthers(): Promise<readonly string[]> {
    const { userId, tenant, handle } = this.#verified
    const { handles } = unwrap(
      await this.#driver.core.revokeSessions({ userId, tenant, except: handle }),
    )
    noteEnded(this.#driver, 'revoked', ...handles.map((one) => ({ handle: one, userId, tenant })))
    return handles
  }

  #key(): { readonly handle: string; readonly tenant: string } {
    return { handle: this.#verified.handle, tenant: this.#verified.tenant }
  }

  #subject(): { readonly handle: string; readonly userId: string; readonly tenant: string } {
    return { ...this.#key(), userId: this.#verified.userId }
  }
}
