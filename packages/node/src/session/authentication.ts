import {
  type AskedAuthentication,
  type JsonObjectValue,
  type Refusal,
  refuse,
} from '@pawl/protocol'
import { PawlError } from '../pawl-error.ts'

/**
 * When and how a user was authenticated: the claims `auth_time`, `acr` and `amr` of OpenID Connect
 * Core section 2, by which an identity provider says the same in its ID token.
 */
export interface Authentication {
  /** When, in seconds since the epoch; default now. */
  readonly timeSeconds?: number
  /** The class of authentication that was met, 1 to 255 characters. */
  readonly acr?: string
  /** What was asked of the user (`pwd`, `otp`, `hwk`, … of RFC 8176): at most 16. */
  readonly amr?: readonly string[]
}

/** Claims that only a log-in writes. */
const NAMES = ['auth_time', 'acr', 'amr'] as const
const NAME_SET: ReadonlySet<string> = new Set(NAMES)
/** How far ahead of the core's another clock that has made a time may be, in seconds. */
const CLOCK_SKEW_SECONDS = 60
const TEXT_CHARS_MAX = 255
const AMR_MAX = 16

/**
 * The claims that tell of an authentication. Throws a `PawlError` (`invalid_request`) if one of its
 * values cannot be, or is named and missing: a time that was not given must not be taken for now,
 * and one to come would be recent for long.
 */
export function authenticationClaims(
  authentication: Authentication,
  nowMs: number,
): JsonObjectValue {
  const nowSeconds = Math.floor(nowMs / 1000)
  const faults = faultsOf(authentication, nowSeconds)
  if (faults.length > 0) {
    throw new PawlError(refuse('invalid_request', `authentication: ${faults.join('; ')}`))
  }
  const { timeSeconds = nowSeconds, acr, amr } = authentication
  return {
    auth_time: Math.min(timeSeconds, nowSeconds),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr: [...amr] }),
  }
}

function faultsOf(authentication: unknown, nowSeconds: number): string[] {
  if (!isObject(authentication)) return ['must be an object']
  return Object.entries(authentication).flatMap(([name, value]) => {
    const must = mustOf(name, value, nowSeconds)
    return must === undefined ? [] : [`${name}: ${must}`]
  })
}

/** What is wrong with a value; undefined if nothing is. */
function mustOf(name: string, value: unknown, nowSeconds: number): string | undefined {
  switch (name) {
    case 'timeSeconds': {
      const isTime = Number.isSafeInteger(value) && Number(value) >= 0
      if (!isTime) return 'must be a whole number of seconds since the epoch'
      return Number(value) > nowSeconds + CLOCK_SKEW_SECONDS ? 'is to come' : undefined
    }
    case 'acr':
      return isText(value) ? undefined : `must be a text of 1 to ${TEXT_CHARS_MAX} characters`
    case 'amr':
      return Array.isArray(value) && value.length <= AMR_MAX && value.every(isText)
        ? undefined
        : `must be a list of at most ${AMR_MAX} texts`
    default:
      return 'there is no such member'
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= TEXT_CHARS_MAX
}

/** Which of the claims of an authentication are among these. */
export function authenticationIn(claims: JsonObjectValue): JsonObjectValue {
  const found = NAMES.filter((name) => Object.hasOwn(claims, name))
  return Object.fromEntries(found.map((name) => [name, claims[name]]))
}

/** Throws a `PawlError` (`claims_reserved`) on claims that say what only a log-in may say. */
export function refuseAuthenticationClaims(claims: JsonObjectValue): void {
  const [name] = isObject(claims) ? Object.keys(authenticationIn(claims)) : []
  if (name === undefined) return
  throw new PawlError(refuse('claims_reserved', `the claim ${name} is told by authentication`))
}

/**
 * Claims of an application with those of an authentication, which it may not set itself: what it
 * says of them is left out. What are no claims at all is given back for the core to refuse.
 */
export function withAuthentication(
  claims: JsonObjectValue,
  authentication: JsonObjectValue,
): JsonObjectValue {
  if (!isObject(claims)) return claims
  const own = Object.entries(claims).filter(([name]) => !NAME_SET.has(name))
  return Object.fromEntries([...own, ...Object.entries(authentication)])
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Why the log-in that claims tell of is not the one that a route asks for; undefined if it is. One
 * whose time is not known is not recent, nor is one of a time to come.
 */
export function refuseAuthentication(
  asked: AskedAuthentication,
  claims: JsonObjectValue,
  nowMs: number,
): Refusal | undefined {
  const { maxAgeSeconds, acrValues } = asked
  const { auth_time: time, acr } = claims
  const ageSeconds = typeof time === 'number' ? nowMs / 1000 - time : Number.NaN
  const isRecent =
    maxAgeSeconds === undefined ||
    (ageSeconds <= maxAgeSeconds && ageSeconds >= -CLOCK_SKEW_SECONDS)
  const isOfClass = acrValues === undefined || (typeof acr === 'string' && acrValues.includes(acr))
  if (isRecent && isOfClass) return undefined
  return refuse('insufficient_user_authentication', undefined, { authentication: asked })
}
