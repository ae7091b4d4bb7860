import type {
  AccessTokens,
  AppId,
  EpochMs,
  JsonObject,
  OpenedAccessToken,
  SessionHandle,
  TenantId,
  UserId,
} from '@pawl/core'
import { RESERVED_CLAIMS } from '@pawl/protocol'
import { decodeBase64url } from './base64url.ts'
import type { KeyRing } from './key-ring.ts'
import { packLineage, unpackLineage } from './lineage-bytes.ts'

/** Browsers drop cookies of more than 4 096 bytes; name, `=` and value count. */
const TOKEN_CHARS_MAX = 4_080
const HANDLE = /^[A-Za-z0-9_-]{22}$/
const DEFAULT_TENANT = 'default'
const RESERVED: ReadonlySet<string> = new Set(RESERVED_CLAIMS)

/** Who signs for an app, and for whom. */
export interface TokenParties {
  readonly issuer: string
  readonly audience: string
}

/**
 * Access tokens as JWTs: `typ: at+jwt` (RFC 9068), claims `iss sub aud exp iat sid lin`,
 * `tid` unless the tenant is `default`, `cnf.jkt` if the session is bound to a key (RFC 7800), and
 * the session's own claims. Times are whole seconds, rounded down.
 */
export function jwtAccessTokens(
  keys: KeyRing,
  partiesOf: (app: AppId) => TokenParties | undefined,
): AccessTokens {
  return {
    reservedClaims: RESERVED,

    async mint({ session, lineage, nowMs, expiresAtMs, spareChars = 0 }) {
      const { app, tenant, keyThumbprint } = session
      const parties = partiesOf(app)
      if (parties === undefined) throw new Error(`the app ${app} is not set up`)
      const iat = Math.floor(nowMs / 1000)
      const claims = {
        iss: parties.issuer,
        sub: session.userId,
        aud: parties.audience,
        exp: Math.floor(expiresAtMs / 1000),
        iat,
        sid: session.handle,
        ...(tenant === DEFAULT_TENANT ? {} : { tid: tenant }),
        lin: packLineage(lineage, iat * 1000),
        ...(keyThumbprint === null ? {} : { cnf: { jkt: keyThumbprint } }),
        ...withoutReserved(session.claims),
      }
      const key = await keys.signingKeyOf(app)
      const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
      const signed = `${key.header}.${payload}`
      // The signature is still to come: a token that is too large is not signed.
      const signatureChars = Math.ceil((key.signatureBytes * 4) / 3)
      const chars = signed.length + 1 + signatureChars
      if (chars + spareChars > TOKEN_CHARS_MAX) return undefined
      const signature = await key.sign(signed)
      return `${signed}.${signature.toString('base64url')}`
    },

    async open(app, token) {
      if (token.length > TOKEN_CHARS_MAX) return undefined
      const headerEnd = token.indexOf('.')
      const signedEnd = token.indexOf('.', headerEnd + 1)
      if (headerEnd === -1 || signedEnd === -1) return undefined
      const key = await keys.findByHeader(app, token.slice(0, headerEnd))
      const signature = key && decodeBase64url(token.slice(signedEnd + 1))
      const payload = signature && decodeBase64url(token.slice(headerEnd + 1, signedEnd))
      if (key === undefined || payload === undefined) return undefined
      if (signature?.length !== key.signatureBytes) return undefined
      if (!key.verify(token.slice(0, signedEnd), signature)) return undefined
      const claims = parseClaims(payload)
      const parties = partiesOf(app)
      return claims && parties && readClaims(app, claims, parties)
    },
  }
}

/** The claims of a session that was started over another wire may be named as ours are. */
function withoutReserved(claims: JsonObject): JsonObject {
  const names = Object.keys(claims)
  if (!names.some((name) => RESERVED.has(name))) return claims
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !RESERVED.has(name)))
}

/** JSON exactly as we write it: no second member of a name, no other spelling of a value. */
function parseClaims(payload: Buffer): { readonly [name: string]: unknown } | undefined {
  const text = payload.toString()
  try {
    const claims: unknown = JSON.parse(text)
    const isObject = typeof claims === 'object' && claims !== null && !Array.isArray(claims)
    return isObject && JSON.stringify(claims) === text ? { ...claims } : undefined
  } catch {
    return undefined
  }
}

function readClaims(
  app: AppId,
  claims: { readonly [name: string]: unknown },
  parties: TokenParties,
): OpenedAccessToken | undefined {
  const { iss, sub, aud, exp, iat, nbf, jti, cnf, sid, tid = DEFAULT_TENANT, lin, ...own } = claims
  if (iss !== parties.issuer || aud !== parties.audience) return undefined
  if (typeof sub !== 'string' || sub === '' || typeof tid !== 'string') return undefined
  if (typeof sid !== 'string' || !HANDLE.test(sid)) return undefined
  if (!isSeconds(exp) || !isSeconds(iat) || nbf !== undefined || jti !== undefined) return undefined
  if (cnf !== undefined && (typeof cnf !== 'object' || cnf === null)) return undefined
  const lineage = typeof lin === 'string' ? unpackLineage(lin, iat * 1000) : undefined
  if (lineage === undefined) return undefined
  return {
    app,
    tenant: tid as TenantId,
    handle: sid as SessionHandle,
    userId: sub as UserId,
    claims: own as JsonObject,
    kind: 'jwt',
    lineage,
    issuedAtMs: (iat * 1000) as EpochMs,
    expiresAtMs: (exp * 1000) as EpochMs,
  }
}

function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
