import { HEADERS, LIMITS, REFRESH_TOKEN_PREFIX } from '@pawl/protocol'
import type { Config } from '../config.ts'
import { DUPLICATES_MAX, readCookies } from '../http/cookies.ts'
import type { Transport } from '../options.ts'
import type { RequestLike } from '../request-like.ts'

/** What a request brought to show who it is. Nothing here is verified yet. */
export interface Credentials {
  readonly transport: Transport
  /** Access tokens; several, at most four, only from duplicate cookies of one name. */
  readonly access: readonly string[]
  /** Whether a refresh token came along, well-formed or not. */
  readonly hasRefresh: boolean
}

const BEARER = /^Bearer +([^\s,]+)$/i
const NONE: readonly string[] = []
/**
 * Stands behind the refresh token in a cookie that ends with the browser, so that its successor
 * does too. The browser's own choice: what the session may do is the core's to say.
 */
export const EPHEMERAL_MARK = '~'
const REFRESH_START = `${REFRESH_TOKEN_PREFIX}.`
/** Tokens are made of these; anything else is not sent on to the core. */
const TOKEN = /^[A-Za-z0-9._~-]+$/
/** Access tokens, JWT or opaque, have dots in them. */
const ACCESS_TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9._-]+$/

/**
 * Which transport a request uses. One precedence, never mixed: where header transport is served, a
 * bearer token, a refresh-token header or `pawl-transport: header` means that cookies are not
 * looked at. Elsewhere `Authorization` belongs to somebody else and is not looked at.
 */
export function transportOf(request: Pick<RequestLike, 'headers'>, config: Config): Transport {
  if (config.transport !== 'both') return config.transport
  const { headers } = request
  const speaksHeader =
    bearerOf(headers.get('authorization')) !== undefined ||
    headers.get(HEADERS.refreshToken) !== null ||
    headers.get(HEADERS.transport) === 'header'
  return speaksHeader ? 'header' : 'cookie'
}

/** The credentials of a request to a route of the app. */
export function readCredentials(request: RequestLike, config: Config): Credentials {
  const transport = transportOf(request, config)
  const { headers } = request
  if (transport === 'header') {
    const token = bearerOf(headers.get('authorization'))
    return { transport, access: token === undefined ? NONE : [token], hasRefresh: false }
  }
  const cookies = headers.get('cookie')
  const values = readCookies(cookies, config.accessCookie.name)
  const access = values.length > 1 ? chooseAccess(values) : values
  const hasRefresh =
    access.length === 0 && readCookies(cookies, config.refreshCookie.name).length > 0
  return { transport, access, hasRefresh }
}

/** Of duplicate cookies those that may be tokens; the first one if none may. */
function chooseAccess(values: readonly string[]): readonly string[] {
  const chosen = new Set(values.filter(mayBeAccessToken))
  return chosen.size === 0 ? values.slice(0, 1) : [...chosen].slice(0, LIMITS.refreshTokens)
}

/** The refresh tokens of a request to a route of the driver. */
export interface PresentedRefresh {
  /** Whether anything was presented at all. */
  readonly isPresent: boolean
  /** What may be one: at most as many as the core takes. */
  readonly tokens: readonly string[]
  /** Whether no cookie that may hold one was left out for the number of them. */
  readonly isComplete: boolean
  /** Whether new cookies are to outlive the browser, as the present ones do. */
  readonly persistent: boolean
}

/**
 * Reads the refresh tokens; what cannot be one is left out, so that garbage never reaches the core.
 */
export function readRefreshTokens(
  request: RequestLike,
  transport: Transport,
  config: Config,
): PresentedRefresh {
  const { headers } = request
  const single = headers.get(HEADERS.refreshToken)
  const values =
    transport === 'cookie'
      ? readCookies(headers.get('cookie'), config.refreshCookie.name)
      : single === null
        ? NONE
        : [single]
  const tokens = [...new Set(values.map(unmarked).filter(mayBeRefreshToken))]
  return {
    isPresent: values.some((value) => value !== ''),
    tokens: tokens.slice(0, LIMITS.refreshTokens),
    isComplete: values.length < DUPLICATES_MAX && tokens.length <= LIMITS.refreshTokens,
    persistent: !values.some((value) => value.endsWith(EPHEMERAL_MARK)),
  }
}

function unmarked(value: string): string {
  return value.endsWith(EPHEMERAL_MARK) ? value.slice(0, -EPHEMERAL_MARK.length) : value
}

function mayBeRefreshToken(value: string): boolean {
  return value.startsWith(REFRESH_START) && value.length <= LIMITS.tokenChars && TOKEN.test(value)
}

function mayBeAccessToken(value: string): boolean {
  return value.length <= LIMITS.tokenChars && ACCESS_TOKEN.test(value)
}

function bearerOf(authorization: string | null): string | undefined {
  return authorization === null ? undefined : BEARER.exec(authorization)?.[1]
}
