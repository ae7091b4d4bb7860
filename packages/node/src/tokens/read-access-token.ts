import { createVerify, verify } from 'node:crypto'
import {
  ACCESS_TOKEN_TYP,
  type JsonObjectValue,
  LIMITS,
  RESERVED_CLAIMS,
  type VerifiedSession,
} from '@pawl/protocol'
import type { VerificationKey } from '../trust/import-key.ts'
import type { Trust } from '../trust/trust.ts'
import {
  decodeCanonical,
  decodeCanonicalInto,
  ownCopy,
  parseCanonicalObject,
  roomForToken,
} from './canonical.ts'
import { readLineage } from './read-lineage.ts'

/** What a text turned out to be. Reasons are for logs and tests; outward all failures are one. */
export type ReadToken =
  | {
      readonly kind: 'valid' | 'expired'
      readonly session: VerifiedSession
      readonly mintedAtMs: number
    }
  /** Well-formed, but signed with a key that the trust does not hold. */
  | { readonly kind: 'unknown-key' }
  | { readonly kind: 'invalid'; readonly reason: InvalidReason }

/** Why a text is no access token of ours. */
export type InvalidReason =
  | 'size'
  | 'shape'
  | 'header'
  | 'signature'
  | 'payload'
  | 'claims'
  | 'early'

/** How far ahead of ours the clock of a core may be, in seconds. */
const CLOCK_SKEW_SECONDS = 60

const KID = /^[A-Za-z0-9_-]{1,64}$/
const HANDLE = /^[A-Za-z0-9_-]{22}$/
/** Most header texts remembered: honest tokens have one per key. */
const HEADERS_MAX = 128
const RESERVED: ReadonlySet<string> = new Set(RESERVED_CLAIMS)
const DEFAULT_TENANT = 'default'
const NO_CLAIMS: JsonObjectValue = Object.freeze({})

/**
 * Reads an access token (RFC 9068, `typ: at+jwt`) as strictly as its format allows: compact JWS
 * only, canonical base64url and JSON, a header of `alg`, `kid`, `typ` and nothing else, the
 * algorithm of the key, exact issuer and audience, integer times. Synchronous, bounded time; never
 * throws on input. Nothing but the header is looked at before the signature was good.
 */
export function readAccessToken(token: string, trust: Trust, nowMs: number): ReadToken {
  if (token.length > LIMITS.tokenChars) return invalid('size')
  const headerEnd = token.indexOf('.')
  const payloadEnd = token.indexOf('.', headerEnd + 1)
  if (headerEnd <= 0 || payloadEnd < 0 || token.indexOf('.', payloadEnd + 1) >= 0) {
    return invalid('shape')
  }
  const key = keyOfHeader(token.slice(0, headerEnd), trust)
  if (key === 'malformed') return invalid('header')
  if (key === 'unknown') return { kind: 'unknown-key' }
  const payloadBytes = decodeCanonicalInto(payloadRoom, token.slice(headerEnd + 1, payloadEnd))
  const signature = decodeCanonicalInto(signatureRoom, token.slice(payloadEnd + 1))
  if (payloadBytes === undefined || signature === undefined) return invalid('shape')
  if (signature !== key.signatureBytes) return invalid('signature')
  signedRoom.write(token, 0, payloadEnd, 'latin1')
  if (!isSigned(key, payloadEnd)) return invalid('signature')
  const claims = parseCanonicalObject(payloadRoom, payloadBytes)
  return claims === undefined ? invalid('payload') : judgeClaims(claims, trust, nowMs)
}

/** One token is read at a time, from beginning to end: these are not shared by any two. */
const signedRoom = roomForToken()
const payloadRoom = roomForToken()
const signatureRoom = roomForToken()

/**
 * `createVerify` takes less than the one call of `verify`, but throws on a signature of another
 * length than the key's.
 */
function isSigned(key: VerificationKey, signedBytes: number): boolean {
  const signed = signedRoom.subarray(0, signedBytes)
  const signature = signatureRoom.subarray(0, key.signatureBytes)
  if (key.digest === null) return verify(null, signed, key.input, signature)
  return createVerify(key.digest).update(signed).verify(key.input, signature)
}

function keyOfHeader(text: string, trust: Trust): VerificationKey | 'unknown' | 'malformed' {
  // Nearly always the header of the token before: compared, not looked up.
  if (trust.latest?.text === text) return trust.latest.key
  const seen = trust.headers.get(text)
  if (seen !== undefined) {
    trust.latest = { text: ownCopy(text), key: seen }
    return seen
  }
  const bytes = decodeCanonical(text)
  const header = bytes === undefined ? undefined : parseCanonicalObject(bytes)
  if (header === undefined || Object.keys(header).length !== 3) return 'malformed'
  const { alg, kid, typ } = header
  if (typ !== ACCESS_TOKEN_TYP || typeof alg !== 'string') return 'malformed'
  if (typeof kid !== 'string' || !KID.test(kid)) return 'malformed'
  const key = trust.keys.get(kid)
  if (key === undefined) return 'unknown'
  if (key.algorithm !== alg) return 'malformed'
  if (trust.headers.size < HEADERS_MAX) trust.headers.set(ownCopy(text), key)
  return key
}

function judgeClaims(
  claims: { readonly [key: string]: unknown },
  trust: Trust,
  nowMs: number,
): ReadToken {
  const { iss, aud, sub, sid, tid = DEFAULT_TENANT, iat, exp, nbf, cnf } = claims
  const { settings } = trust
  if (iss !== settings.issuer || !isFor(aud, settings.audience)) return invalid('claims')
  if (typeof sub !== 'string' || sub === '' || sub.length > LIMITS.userIdChars) {
    return invalid('claims')
  }
  if (typeof sid !== 'string' || !HANDLE.test(sid) || typeof tid !== 'string') {
    return invalid('claims')
  }
  // A token bound to a key (RFC 9449 section 7.2) is no bearer token.
  if (cnf !== undefined) return invalid('claims')
  if (!isTime(iat) || !isTime(exp) || (nbf !== undefined && !isTime(nbf))) return invalid('claims')
  const latestStart = nowMs / 1000 + CLOCK_SKEW_SECONDS
  if (iat > latestStart || (nbf !== undefined && nbf > latestStart)) return invalid('early')
  const lineage = readLineage(claims.lin, iat * 1000)
  if (lineage === undefined) return invalid('claims')
  const { id, parent, generation, mintedAtMs } = lineage
  const session: VerifiedSession = {
    handle: sid,
    userId: sub,
    tenant: tid,
    claims: customClaims(claims),
    issuedAtMs: iat * 1000,
    expiresAtMs: exp * 1000,
    lineage: Object.freeze({ id, parent, generation }),
  }
  const kind = nowMs < session.expiresAtMs ? 'valid' : 'expired'
  return { kind, session: Object.freeze(session), mintedAtMs }
}

function isFor(aud: unknown, audience: string): boolean {
  return aud === audience || (Array.isArray(aud) && aud.includes(audience))
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** What the application put in, frozen: own members only, `__proto__` as a plain name too. */
function customClaims(claims: { readonly [key: string]: unknown }): JsonObjectValue {
  const names = Object.keys(claims).filter((name) => !RESERVED.has(name))
  if (names.length === 0) return NO_CLAIMS
  return deepFreeze(Object.fromEntries(names.map((name) => [name, claims[name]])))
}

/** Verified sessions are shared by all requests that carry the token: nobody may change one. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}

function invalid(reason: InvalidReason): ReadToken {
  return { kind: 'invalid', reason }
}
