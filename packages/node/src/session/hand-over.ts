import {
  type Grant,
  HEADERS,
  RACE_WINDOW_ASSUMED_MS,
  SESSION_NONE,
  type SessionInfoHeader,
  type SessionView,
} from '@pawl/protocol'
import type { Config } from '../config.ts'
import { clearingLine, cookieLine, fitsCookie, readCookies } from '../http/cookies.ts'
import type { HeaderBytesWatch } from '../http/header-bytes.ts'
import type { HeaderSink } from '../http/header-sink.ts'
import { SESSION_VARY } from '../http/problem.ts'
import type { Transport } from '../options.ts'
import type { RequestLike } from '../request-like.ts'
import { EPHEMERAL_MARK } from './credentials.ts'

/** Where tokens go, and how. */
export interface Delivery {
  readonly config: Config
  readonly request: Pick<RequestLike, 'headers'>
  readonly transport: Transport
  readonly sink: HeaderSink
  readonly nowMs: number
  /** Whether cookies outlive the browser. */
  readonly persistent: boolean
  /** The core's race window in ms, which the front end times its refreshes by; if known. */
  readonly raceWindowMs: number | undefined
  readonly watchHeaderBytes: HeaderBytesWatch
}

/** Marks a response as dependent on a session: no cache may keep it. */
export function forbidCaching(sink: HeaderSink): void {
  sink.set('cache-control', 'no-store')
  sink.vary(SESSION_VARY)
}

/**
 * Hands a grant to the front end: both tokens by the transport of the request, and the session
 * header, which holds no secret. False, with nothing written, if a browser would drop a cookie.
 */
export function handOverGrant(delivery: Delivery, grant: Grant): boolean {
  const { config, transport, sink, nowMs, persistent } = delivery
  const { accessToken, refreshToken, session, lineage } = grant
  let tokenBytes: number
  if (transport === 'cookie') {
    const { accessCookie, refreshCookie } = config
    if (!fitsCookie(accessCookie, accessToken.token)) return false
    const refreshValue = persistent ? refreshToken.token : refreshToken.token + EPHEMERAL_MARK
    if (!fitsCookie(refreshCookie, refreshValue)) return false
    const ageSeconds = persistent ? Math.ceil((refreshToken.expiresAtMs - nowMs) / 1000) : null
    const refreshLine = cookieLine(refreshCookie, refreshValue, ageSeconds)
    // As long as the refresh token: an access cookie that is still sent shows that a session is
    // there.
    const accessLine = cookieLine(accessCookie, accessToken.token, ageSeconds)
    sink.setCookie(refreshCookie.name, refreshLine)
    sink.setCookie(accessCookie.name, accessLine)
    clearFormer(delivery)
    tokenBytes = refreshLine.length + accessLine.length
  } else {
    sink.set(HEADERS.refreshToken, refreshToken.token)
    sink.set(HEADERS.accessToken, accessToken.token)
    tokenBytes = refreshToken.token.length + accessToken.token.length
  }
  const accessExpiresAtMs = accessToken.expiresAtMs
  const toldBytes = tellSession(delivery, { session, lineage, accessExpiresAtMs })
  delivery.watchHeaderBytes(tokenBytes + toldBytes)
  return true
}

/**
 * Hands over a new access token of the same grant. False, with nothing written, if it does not fit.
 */
export function handOverAccess(
  delivery: Delivery,
  renewed: {
    readonly token: string
    readonly expiresAtMs: number
    readonly session: SessionView
    readonly lineage: Pick<Grant['lineage'], 'id' | 'generation'>
  },
): boolean {
  const { config, transport, sink, nowMs, persistent } = delivery
  const { token, session, lineage } = renewed
  if (transport === 'cookie') {
    if (!fitsCookie(config.accessCookie, token)) return false
    const ageSeconds = persistent ? Math.ceil((session.idleExpiresAtMs - nowMs) / 1000) : null
    sink.setCookie(config.accessCookie.name, cookieLine(config.accessCookie, token, ageSeconds))
  } else {
    sink.set(HEADERS.accessToken, token)
  }
  tellSession(delivery, { session, lineage, accessExpiresAtMs: renewed.expiresAtMs })
  return true
}

/** Takes the tokens back from the front end and tells it that it has no session. */
export function withdraw(
  delivery: Pick<Delivery, 'config' | 'request' | 'transport' | 'sink'>,
): void {
  const { config, transport, sink } = delivery
  if (transport === 'cookie') {
    sink.setCookie(config.refreshCookie.name, clearingLine(config.refreshCookie))
    sink.setCookie(config.accessCookie.name, clearingLine(config.accessCookie))
    clearFormer(delivery)
  }
  forbidCaching(sink)
  sink.set(HEADERS.session, SESSION_NONE)
}

/**
 * Removes what a former configuration left in the browser. A request does not tell a cookie's
 * scope: all former ones of a name that was sent are cleared.
 */
export function clearFormer(delivery: Pick<Delivery, 'config' | 'request' | 'sink'>): void {
  const { config, request, sink } = delivery
  if (config.formerCookies.length === 0) return
  const sent = request.headers.get('cookie')
  for (const scope of config.formerCookies) {
    if (readCookies(sent, scope.name).length > 0) sink.setCookie(scope.name, clearingLine(scope))
  }
}

/** Writes the session header; gives back its length. */
function tellSession(
  delivery: Delivery,
  facts: {
    readonly session: SessionView
    readonly lineage: Pick<Grant['lineage'], 'id' | 'generation'>
    readonly accessExpiresAtMs: number
  },
): number {
  const { config, sink, nowMs, raceWindowMs = RACE_WINDOW_ASSUMED_MS } = delivery
  const { session, lineage, accessExpiresAtMs } = facts
  const info: SessionInfoHeader = {
    handle: session.handle,
    userId: session.userId,
    generation: lineage.generation,
    grant: lineage.id,
    accessExpiresAtMs,
    serverNowMs: nowMs,
    absoluteExpiresAtMs: session.absoluteExpiresAtMs,
    claims: shownClaims(session.claims, config.publicClaims),
    ...(raceWindowMs === RACE_WINDOW_ASSUMED_MS ? {} : { w: raceWindowMs }),
  }
  forbidCaching(sink)
  const text = Buffer.from(JSON.stringify(info)).toString('base64url')
  sink.set(HEADERS.session, text)
  return text.length
}

function shownClaims(
  claims: SessionView['claims'],
  shown: Config['publicClaims'],
): SessionView['claims'] {
  if (shown === 'all') return claims
  return Object.fromEntries(Object.entries(claims).filter(([name]) => shown.includes(name)))
}
