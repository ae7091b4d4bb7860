import * as v from 'valibot'
import { ASSURANCE_LEVELS, appShapes } from './apps.ts'
import { fields, LIMITS } from './fields.ts'
import { revocationPage, revocationQuery } from './revocations.ts'

const jsonObject = fields.object
const givenObject = fields.givenObject

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
      claims: v.optional(givenObject, {}),
      data: v.optional(givenObject, {}),
      device: v.optional(givenObject, {}),
      idleTimeoutSeconds: v.optional(fields.seconds),
      absoluteTimeoutSeconds: v.optional(fields.seconds),
      accessTtlSeconds: v.optional(fields.seconds),
      assurance: v.optional(v.picklist(ASSURANCE_LEVELS)),
      persistent: v.optional(v.boolean(), true),
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
      claims: givenObject,
      accessToken: v.optional(fields.token),
    }),
    response: v.object({ session: sessionView, accessToken: v.nullable(accessToken) }),
  },
  replaceData: {
    request: v.strictObject({ handle: fields.handle, tenant: fields.tenant, data: givenObject }),
    response: v.object({ handle: v.string() }),
  },
  revokeSession: {
    request: v.strictObject({ handle: fields.handle, tenant: fields.tenant }),
    response: v.object({ revoked: v.boolean() }),
  },
  revokeSessions: {
    request: v.strictObject({
      /** `default` where a user is named; else it must be said. */
      tenant: v.optional(fields.tenantName),
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
  ...appShapes,
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
