import * as v from 'valibot'

/** Bounds of the wire, in characters unless said otherwise. */
export const LIMITS = {
  /** Longest user id. */
  userIdChars: 256,
  /** Longest token that is read; anything longer is refused unread, as any bad token. */
  tokenChars: 8192,
  /** Largest request body, in bytes. */
  bodyBytes: 65_536,
  /** Largest claims, as JSON text. */
  claimsChars: 2_048,
  /** Largest data, as JSON text. */
  dataChars: 8_192,
  /** Deepest nesting of claims and data. */
  jsonDepth: 16,
  /** Most uses in one confirmation. */
  usesPerBatch: 256,
  /** Most refresh tokens of one request (duplicate cookies of one name). */
  refreshTokens: 4,
  /** Most sessions in a page. */
  pageSessions: 500,
} as const

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/
const HANDLE = /^[A-Za-z0-9_-]{22}$/
/**
 * Well-formed text without control characters. Half of a surrogate pair is no character: what holds
 * one cannot be stored as UTF-8.
 */
const PRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
  /^(?:[^\u0000-\u001f\u007f\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])+$/

const jsonObject = v.custom<JsonObjectValue>(isBoundedObject, 'must be a JSON object')

/** A JSON object on the wire. */
export type JsonObjectValue = { readonly [key: string]: unknown }

/** True for a plain JSON object whose nesting stays within `LIMITS.jsonDepth`. */
function isBoundedObject(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && depthWithin(value, 0)
  )
}

function depthWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depth >= LIMITS.jsonDepth) return false
  return Object.values(value).every((inner) => depthWithin(inner, depth + 1))
}

/**
 * Whether a value is an object that is kept as it is given: JSON all the way down (RFC 8259), no
 * `__proto__` inside, nesting within `LIMITS.jsonDepth`. A member that is undefined counts as none;
 * of its own names the core says which are legal.
 */
export function isGivenObject(value: unknown): value is JsonObjectValue {
  return isBoundedObject(value) && isPlain(value as object) && areKept(value as object)
}

function isKept(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean'
  if (value === null) return true
  if (Array.isArray(value)) return value.every(isKept)
  return isPlain(value) && !Object.hasOwn(value, '__proto__') && areKept(value)
}

function areKept(value: object): boolean {
  return Object.values(value).every((inner) => inner === undefined || isKept(inner))
}

/** Not an instance of a class; of another realm it may be. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

const name = v.pipe(v.string(), v.regex(NAME, 'must be 1 to 64 of a-z, 0-9, -'))

/** The fields that routes are made of. */
export const fields = {
  appName: name,
  tenantName: name,
  tenant: v.optional(name, 'default'),
  handle: v.pipe(v.string(), v.regex(HANDLE, 'must be a session handle (22 characters)')),
  userId: v.pipe(
    v.string(),
    v.minLength(1, 'must not be empty'),
    v.maxLength(LIMITS.userIdChars, 'is too long'),
    v.regex(PRINTABLE, 'must not hold control characters or halves of characters'),
  ),
  token: v.pipe(
    v.string(),
    v.minLength(1, 'must not be empty'),
    // A token of any length is judged as a token (401); only the body's bound is the request's.
    v.maxLength(LIMITS.bodyBytes, 'is too long'),
  ),
  /** As it comes out. */
  object: jsonObject,
  /** As it goes in. */
  givenObject: v.custom<JsonObjectValue>(
    isGivenObject,
    'must be a JSON object: plain values, finite numbers, no __proto__ inside',
  ),
  seconds: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(315_360_000)),
  epochMs: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8_640_000_000_000_000)),
  /** An `iss` or `aud`. */
  party: v.pipe(
    v.string(),
    v.minLength(1, 'must not be empty'),
    v.maxLength(256, 'is too long'),
    v.regex(PRINTABLE, 'must not hold control characters or halves of characters'),
  ),
  thumbprint: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/, 'must be an RFC 7638 thumbprint')),
} as const
