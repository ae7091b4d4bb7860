import { type Grant, type RequestOf, refuse } from '@pawl/protocol'
import type { CsrfMode } from '../http/csrf.ts'
import { isOpen } from '../http/header-sink.ts'
import { PawlError } from '../pawl-error.ts'
import type { RequestLike } from '../request-like.ts'
import { frozenCopy } from '../tokens/frozen-copy.ts'
import {
  type Authentication,
  authenticationClaims,
  refuseAuthenticationClaims,
  withAuthentication,
} from './authentication.ts'
import { readCredentials, readRefreshTokens, transportOf } from './credentials.ts'
import { type Driver, noteEnded, unwrap } from './driver.ts'
import { endPresented } from './end-presented.ts'
import { type Exchange, refuseForeign } from './guard.ts'
import { type Delivery, handOverGrant } from './hand-over.ts'
import { type PawlSession, RequestSession } from './pawl-session.ts'

/**
 * A session to start. The caller has established who the user is. With `persistent: false` (no
 * "remember me") its cookies end with the browser, and it is idle after 12 hours at the latest.
 */
export type NewSession = Omit<RequestOf<'createSession'>, 'replaces' | 'keyThumbprint'> & {
  /**
   * Login CSRF check; default: the app's. `state-checked`, for a log-in that ends with a redirect
   * from elsewhere: you have made sure yourself that this very browser began it, by the `state` of
   * OAuth 2.0 or OpenID Connect (RFC 6749 section 10.12), say, kept in a cookie and compared.
   */
  readonly csrf?: CsrfMode | 'state-checked'
  /**
   * When and how the user was authenticated; `{}` for just now. Written as the claims `auth_time`,
   * `acr` and `amr`, which routes with `maxAuthAgeSeconds` and `acrValues` go by; `claims` itself
   * may not name them (`claims_reserved`). Default: nothing is written.
   */
  readonly authentication?: Authentication
}

/**
 * Starts a session for a user who has just signed in and hands its tokens over with `sink`. A
 * session the request came with ends first, so that nobody keeps one that was planted; tokens that
 * are not ours are simply replaced. Throws a `PawlError`: `csrf_refused` for a request another site
 * may have sent, `claims_reserved`, `token_too_large`, `session_limit`, `invalid_request`,
 * `unavailable`. Throws an `Error` if the response's headers have left; then no session stays
 * behind.
 */
export async function startSession(
  driver: Driver,
  { request, sink }: Exchange,
  input: NewSession,
): Promise<PawlSession> {
  sink.assertOpen()
  const { config, core, nowMs } = driver
  const { csrf, authentication, ...fields } = input
  const transport = transportOf(request, config)
  if (transport === 'cookie' && csrf !== 'state-checked') {
    const refusal = refuseForeign(driver, request, csrf)
    if (refusal !== undefined) throw new PawlError(refusal)
  }
  const claims = await claimsOf(driver, fields.claims, authentication)
  const replaces = await endFormer(driver, request, fields.tenant ?? 'default')
  const grant = unwrap(
    await core.createSession({
      ...fields,
      ...(claims === undefined ? {} : { claims }),
      ...(replaces === undefined ? {} : { replaces }),
    }),
  )
  const raceWindowMs = await driver.raceWindowMs()
  const { session, lineage, accessToken } = grant
  const { handle, userId, tenant } = session
  if (replaces !== undefined) noteEnded(driver, 'replaced', { handle: replaces })
  const { persistent = true } = input
  if (!isOpen(sink)) {
    // A time-out has answered, say: nobody has the tokens of this session.
    await core.revokeSession({ handle, tenant })
    sink.assertOpen()
  }
  const delivery: Delivery = {
    ...{ config, request, transport, sink, nowMs: nowMs(), persistent, raceWindowMs },
    watchHeaderBytes: driver.watchHeaderBytes,
  }
  if (!handOverGrant(delivery, grant)) {
    await core.revokeSession({ handle, tenant })
    throw new PawlError(refuse('token_too_large', sizeOf(grant)))
  }
  if (transport === 'cookie') driver.watchCookieHost(request)
  driver.announce({ kind: 'created', atMs: nowMs(), handle, userId, tenant, lineage })
  const verified = {
    handle,
    userId,
    tenant,
    claims: frozenCopy(session.claims),
    issuedAtMs: nowMs(),
    expiresAtMs: accessToken.expiresAtMs,
    lineage,
  }
  const channel = { request, sink, transport, persistent }
  return new RequestSession(driver, channel, { verified, token: accessToken.token })
}

/** The claims of a new session, with what is told of its log-in. */
async function claimsOf(
  { time, nowMs }: Driver,
  claims: NewSession['claims'],
  authentication: Authentication | undefined,
): Promise<NewSession['claims']> {
  if (claims !== undefined) refuseAuthenticationClaims(claims)
  if (authentication === undefined) return claims
  if (!time.isSettled) await time.settle()
  return withAuthentication(claims ?? {}, authenticationClaims(authentication, nowMs()))
}

/**
 * Ends what the request came with. A session known from its access token alone is left to the core
 * to replace in one go: its handle is given back.
 */
async function endFormer(
  driver: Driver,
  request: RequestLike,
  tenant: string,
): Promise<string | undefined> {
  const { config, verifier } = driver
  const { transport, access } = readCredentials(request, config)
  const { tokens } = readRefreshTokens(request, transport, config)
  if (access.length === 0 && tokens.length === 0) return undefined
  const known = access.map((token) => verifier.sessionOf(token))
  const [only] = known
  if (known.length === 1 && only !== undefined && tokens.length <= 1 && only.tenant === tenant) {
    return only.handle
  }
  unwrap(await endPresented(driver, request, 'replaced'))
  return undefined
}

function sizeOf(grant: Grant): string {
  return `an access token of ${grant.accessToken.token.length} characters does not fit a cookie`
}
