import * as v from 'valibot'
import { revocationPage, revocationQuery } from './revocations.ts'

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
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const PRINTABLE = /^[^\u0000-\u001f\u007f]+$/

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

/** The fields that routes are made of. */
export const fields = {
  appName: v.pipe(v.string(), v.regex(NAME, 'must be 1 to 64 of a-z, 0-9, -')),
  tenant: v.optional(
    v.pipe(v.string(), v.regex(NAME, 'must be 1 to 64 of a-z, 0-9, -')),
    'default',
  ),
  handle: v.pipe(v.string(), v.regex(HANDLE, 'must be a session handle (22 characters)')),
  userId: v.pipe(
    v.string(),
    v.minLength(1, 'must not be empty'),
    v.maxLength(LIMITS.userIdChars, 'is too long'),
    v.regex(PRINTABLE, 'must not hold control characters'),
  ),
  token: v.pipe(
    v.string(),
    v.minLength(1, 'must not be empty'),
    // A token of any length is judged as a token (401); only the body's bound is the request's.
    v.maxLength(LIMITS.bodyBytes, 'is too long'),
  ),
  object: jsonObject,
  seconds: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(315_360_000)),
  epochMs: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8_640_000_000_000_000)),
  thumbprint: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/, 'must be an RFC 7638 thumbprint')),
} as const

const lineageView = v.object({
  id: v.string(),
  parent: v.nullable(v.string()),
  generation: v.number(),
})

/** A session as back ends see it; holds no secret. Times in milliseconds since the epoch. */
const sessionView = v.object({
  handle: v.string(),
  userId: v.string(),
  tenant: v.string(),
  claims: jsonObject,
  createdAtMs: v.number(),
  idleExpiresAtMs: v.number(),
  absoluteExpiresAtMs: v.number(),
})
/** A session with its server-side data and device facts. */
const sessionInfo = v.object({
  ...sessionView.entries,
  data: jsonObject,
  device: jsonObject,
})

const accessToken = v.object({ token: v.string(), expiresAtMs: v.number() })
const refreshToken = v.object({ token: v.string(), expiresAtMs: v.number() })

/** A pair of tokens, and the session they belong to. */
const grant = v.object({
  session: sessionView,
  accessToken,
  refreshToken,
  lineage: lineageView,
  /** Which row of the rule granted; `created` at log-in. */
  rule: v.picklist(['created', 'current', 'advance', 'converge', 'late', 'heal']),
})

/** What a verified access token says. */
const verified = v.object({
  handle: v.string(),
  userId: v.string(),
  tenant: v.string(),
  claims: jsonObject,
  issuedAtMs: v.number(),
  expiresAtMs: v.number(),
  lineage: lineageView,
})

/** Requests and responses, by operation. */
export const shapes = {
  createSession: {
    request: v.strictObject({
      userId: fields.userId,
      tenant: fields.tenant,
      claims: v.optional(jsonObject, {}),
      data: v.optional(jsonObject, {}),
      device: v.optional(jsonObject, {}),
      idleTimeoutSeconds: v.optional(fields.seconds),
      absoluteTimeoutSeconds: v.optional(fields.seconds),
      accessTtlSeconds: v.optional(fields.seconds),
      accessKind: v.optional(v.picklist(['jwt', 'opaque'])),
      replaces: v.optional(fields.handle),
      keyThumbprint: v.optional(fields.thumbprint),
    }),
    response: grant,
  },
  refreshSession: {
    request: v.strictObject({
      refreshTokens: v.pipe(
        v.array(fields.token),
        v.minLength(1, 'needs at least one'),
        v.maxLength(LIMITS.refreshTokens, 'holds too many'),
      ),
      provenKey: v.optional(fields.thumbprint),
      clientAddress: v.optional(v.pipe(v.string(), v.maxLength(64))),
    }),
    response: grant,
  },
  verifySession: {
    request: v.strictObject({
      accessToken: fields.token,
      checkStore: v.optional(v.boolean(), false),
      clientAddress: v.optional(v.pipe(v.string(), v.maxLength(64))),
    }),
    response: verified,
  },
  confirmUses: {
    request: v.strictObject({
      uses: v.pipe(
        v.array(v.strictObject({ accessToken: fields.token, firstSeenAtMs: fields.epochMs })),
        v.maxLength(LIMITS.usesPerBatch, 'holds too many'),
      ),
    }),
    response: v.object({ confirmed: v.number() }),
  },
  getSession: {
    request: v.strictObject({ handle: fields.handle, tenant: fields.tenant }),
    response: sessionInfo,
  },
  listSessions: {
    request: v.strictObject({
      userId: fields.userId,
      tenant: fields.tenant,
      limit: v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LIMITS.pageSessions)),
        100,
      ),
      after: v.optional(v.pipe(v.string(), v.maxLength(256))),
    }),
    response: v.object({ sessions: v.array(sessionInfo), next: v.nullable(v.string()) }),
  },
  replaceClaims: {
    request: v.strictObject({
      handle: fields.handle,
      tenant: fields.tenant,
      claims: jsonObject,
      accessToken: v.optional(fields.token),
    }),
    response: v.object({ session: sessionView, accessToken: v.nullable(accessToken) }),
  },
  replaceData: {
    request: v.strictObject({ handle: fields.handle, tenant: fields.tenant, data: jsonObject }),
    response: v.object({ handle: v.string() }),
  },
  revokeSession: {
    request: v.strictObject({ handle: fields.handle, tenant: fields.tenant }),
    response: v.object({ revoked: v.boolean() }),
  },
  revokeSessions: {
    request: v.strictObject({
      tenant: fields.tenant,
      userId: v.optional(fields.userId),
      except: v.optional(fields.handle),
      createdBeforeMs: v.optional(fields.epochMs),
    }),
    response: v.object({ handles: v.array(v.string()) }),
  },
  listRevocations: { request: revocationQuery, response: revocationPage },
  signOut: {
    request: v.strictObject({
      refreshTokens: v.optional(
        v.pipe(v.array(fields.token), v.maxLength(LIMITS.refreshTokens, 'holds too many')),
        [],
      ),
      accessToken: v.optional(fields.token),
    }),
    response: v.object({ handles: v.array(v.string()) }),
  },
  getSettings: {
    request: v.strictObject({}),
    response: v.object({
      app: v.string(),
      issuer: v.string(),
      audience: v.string(),
      confirm: v.picklist(['on-use', 'on-refresh']),
      raceWindowMs: v.number(),
      settlingMs: v.number(),
      accessTtlSeconds: v.number(),
      accessKind: v.picklist(['jwt', 'opaque']),
    }),
  },
  getKeys: {
    request: v.strictObject({}),
    response: v.object({
      keys: v.array(
        v.looseObject({ kty: v.string(), kid: v.string(), alg: v.string(), use: v.string() }),
      ),
      /** How long the set may be cached, in seconds; on the wire it is `Cache-Control`. */
      maxAgeSeconds: v.optional(v.number()),
    }),
  },
} as const
