import { FRONTEND_PATHS, HEADERS, type Refusal, refuse, SESSION_NONE } from '@pawl/protocol'
import { clearingLine } from '../http/cookies.ts'
import { decideCors, withCors } from '../http/cors.ts'
import { headersSink } from '../http/header-sink.ts'
import { emptyResponse, problemResponse } from '../http/problem.ts'
import type { Transport } from '../options.ts'
import { pathOf, type RequestLike } from '../request-like.ts'
import { readCredentials, readRefreshTokens, transportOf } from './credentials.ts'
import { type Driver, noteEnded } from './driver.ts'
import { endPresented } from './end-presented.ts'
import { refuseForeign } from './guard.ts'
import { clearFormer, type Delivery, handOverGrant, withdraw } from './hand-over.ts'

/** One of the driver's own routes. */
type OwnRoute = (driver: Driver, request: RequestLike, transport: Transport) => Promise<Response>

const ROUTES: { readonly [path: string]: OwnRoute } = {
  [FRONTEND_PATHS.refresh]: handleRefresh,
  [FRONTEND_PATHS.signOut]: handleSignOut,
}

/**
 * Answers the driver's own routes below the base path: `POST /refresh`, `POST /sign-out` and their
 * preflights. Undefined, at once, for any other path.
 */
export function handleOwnRoute(
  driver: Driver,
  request: RequestLike,
): Promise<Response> | undefined {
  const { basePath } = driver.config
  const { url } = request
  // Most requests are the app's: their path is not even cut out.
  if (url.startsWith('/') && !url.startsWith(basePath)) return undefined
  const path = pathOf(request)
  if (!path.startsWith(basePath)) return undefined
  const below = path.slice(basePath.length)
  const route = Object.hasOwn(ROUTES, below) ? ROUTES[below] : undefined
  return route === undefined ? undefined : answer(driver, request, route)
}

async function answer(driver: Driver, request: RequestLike, route: OwnRoute): Promise<Response> {
  const cors = decideCors(request, driver.config.cors)
  if (cors.kind === 'preflight') return cors.response
  return withCors(await respond(driver, request, route), cors.headers)
}

async function respond(driver: Driver, request: RequestLike, route: OwnRoute): Promise<Response> {
  if (request.method !== 'POST') {
    const response = problemResponse(refuse('method_not_allowed'))
    response.headers.set('allow', 'POST, OPTIONS')
    return response
  }
  const transport = transportOf(request, driver.config)
  if (transport === 'cookie') {
    const refusal = refuseForeign(driver, request, undefined)
    if (refusal !== undefined) return problemResponse(refusal)
  }
  return route(driver, request, transport)
}

async function handleRefresh(
  driver: Driver,
  request: RequestLike,
  transport: Transport,
): Promise<Response> {
  const { config, core, nowMs } = driver
  const presented = readRefreshTokens(request, transport, config)
  const { isPresent, isComplete, tokens, persistent } = presented
  const asked: Asked = { request, transport, isComplete }
  if (!isPresent) return refuseWithoutRefresh(driver, asked)
  if (tokens.length === 0) {
    return refusedRefresh(driver, asked, refuse('refresh_token_invalid'))
  }
  const { clientAddress, signal } = request
  const outcome = await core.refreshSession(
    { refreshTokens: [...tokens], ...(clientAddress === undefined ? {} : { clientAddress }) },
    signal ?? undefined,
  )
  if (outcome.kind === 'refused') return refusedRefresh(driver, asked, outcome)
  const raceWindowMs = await driver.raceWindowMs()
  const response = emptyResponse()
  const sink = headersSink(response.headers)
  const { session, lineage, rule } = outcome.value
  const delivery: Delivery = {
    ...{ config, request, transport, sink, nowMs: nowMs(), persistent, raceWindowMs },
    watchHeaderBytes: driver.watchHeaderBytes,
  }
  if (!handOverGrant(delivery, outcome.value)) {
    return problemResponse(refuse('token_too_large'))
  }
  if (transport === 'cookie') driver.watchCookieHost(request)
  const { handle, userId, tenant } = session
  driver.announce({ kind: 'refreshed', atMs: nowMs(), handle, userId, tenant, lineage, rule })
  return response
}

/** Who asked, and how the answer gets there. */
interface Asked {
  readonly request: RequestLike
  readonly transport: Transport
  /** Whether all tokens that it brought were looked at. */
  readonly isComplete: boolean
}

/**
 * A refusal of a refresh. Only one that is final for the token takes the tokens back; whatever is
 * not decided (core away, too many attempts, a proof that was missing) leaves them alone.
 */
function refusedRefresh(driver: Driver, asked: Asked, refusal: Refusal): Response {
  const { config } = driver
  const { session, code } = refusal
  const response = problemResponse(refusal)
  const delivery = { ...asked, config, sink: headersSink(response.headers) }
  switch (code) {
    case 'token_theft':
      if (session !== undefined) {
        const { handle, userId, tenant } = session
        driver.announce({ kind: 'theft', atMs: driver.nowMs(), handle, userId, tenant })
        noteEnded(driver, 'theft', session)
      }
      break
    case 'session_ended':
      if (session !== undefined) noteEnded(driver, session.reason, session)
      break
    case 'refresh_token_invalid':
      break
    case 'sessions_conflict':
      // Taking the cookies back would leave the planted ones, of another scope, as the only ones.
      response.headers.set(HEADERS.session, SESSION_NONE)
      return response
    default:
      return response
  }
  // One that was not looked at may be good: then planted ones only stand before it.
  if (asked.isComplete) withdraw(delivery)
  else response.headers.set(HEADERS.session, SESSION_NONE)
  return response
}

/**
 * The answer to a refresh that brought no refresh token. An access cookie that is good for nothing
 * goes: it would keep its visitor out of pages that are open to everybody. If a log-in crosses this
 * answer, its refresh cookie brings the access cookie back.
 */
async function refuseWithoutRefresh(driver: Driver, asked: Asked): Promise<Response> {
  const { request, transport } = asked
  const { config, verifier } = driver
  const response = problemResponse(refuse('no_session'))
  response.headers.set(HEADERS.session, SESSION_NONE)
  if (transport === 'header') return response
  const sink = headersSink(response.headers)
  clearFormer({ config, request, sink })
  const { access } = readCredentials(request, config)
  for (const token of access) {
    const outcome = await verifier.verify(token, request)
    const isDead = outcome.kind === 'refused' && outcome.code !== 'unavailable'
    if (!isDead) return response
  }
  const { accessCookie } = config
  if (access.length > 0) sink.setCookie(accessCookie.name, clearingLine(accessCookie))
  return response
}

async function handleSignOut(
  driver: Driver,
  request: RequestLike,
  transport: Transport,
): Promise<Response> {
  const { config } = driver
  const outcome = await endPresented(driver, request, 'sign-out')
  if (outcome.kind === 'refused') return problemResponse(outcome)
  const response = emptyResponse()
  withdraw({ config, request, transport, sink: headersSink(response.headers) })
  return response
}
