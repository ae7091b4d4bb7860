import type {
  AccessTokens,
  AppId,
  EpochMs,
  JsonObject,
  Lineage,
  SessionHandle,
  TenantId,
  UserId,
} from '@pawl/core'
import { decodeBase64url } from './base64url.ts'
import { companionOf } from './companions.ts'
import type { FormerKeys, VerifyingKey } from './former-keys.ts'
import type { FittingKeys } from './key-rings.ts'
import { packLineage, unpackLineage } from './lineage-bytes.ts'
import type { SecretRing } from './master-secret.ts'
import type { SigningKey } from './signing-key.ts'

/** Longest token that is made or read; whether a cookie can hold it is the driver's to see to. */
const TOKEN_CHARS_MAX = 8_192
const SECONDS_RADIX = 36

/** What a token says, before it has a form. */
export interface ShapedFacts {
  readonly tenant: TenantId
  readonly handle: SessionHandle
  readonly userId: UserId
  readonly claims: JsonObject
  /**
   * The whole lineage in one string; nothing in it can make a child. Of a token that was made
   * elsewhere, what can be known of it.
   */
  readonly lineage: string | Lineage
  readonly hasParent: boolean
  /** The companion of the refresh token that it was granted with, if the wire gives one. */
  readonly companion: string | null
  readonly issuedAtMs: EpochMs
  readonly expiresAtMs: EpochMs
}

/** The form of a wire's access tokens: how the facts are named in it. */
export interface TokenShape {
  /** Names of claims that applications may not set. */
  readonly reservedClaims: ReadonlySet<string>
  /** `base64`: the standard alphabet with padding, as JWTs before RFC 7515 had it. */
  readonly encoding: 'base64url' | 'base64'
  /** The JOSE header for a key; a member left out is not looked at when a token is read. */
  readonly headerOf: (key: { readonly alg: string; readonly kid: string }) => {
    readonly [name: string]: string
  }
  /** The payload, or undefined if the claims do not fit into this form. */
  readonly write: (facts: ShapedFacts & { readonly lineage: string }) => object | undefined
  /** Undefined for a payload that is not of this form. */
  readonly read: (payload: { readonly [name: string]: unknown }) => ShapedFacts | undefined
}

/** Access tokens of a wire's own form, signed with the keys of `ring`. */
export function shapedAccessTokens(options: {
  readonly shape: TokenShape
  readonly ring: FittingKeys
  readonly former: FormerKeys
  readonly secrets: SecretRing
  readonly hasCompanion: boolean
}): AccessTokens {
  const { shape, ring, former, secrets, hasCompanion } = options
  const headers = new WeakMap<SigningKey, string>()

  function headerOf(key: SigningKey): string {
    const known = headers.get(key)
    if (known !== undefined) return known
    const header = shape.headerOf({ alg: key.algorithm, kid: key.kid })
    const text = Buffer.from(JSON.stringify(header)).toString(shape.encoding)
    headers.set(key, text)
    return text
  }

  return {
    reservedClaims: shape.reservedClaims,

    async mint({ session, lineage, nowMs, expiresAtMs, spareChars = 0 }) {
      const { tenant, handle, userId, claims } = session
      const issuedAtMs = (Math.floor(nowMs / 1000) * 1000) as EpochMs
      const payload = shape.write({
        ...{ tenant, handle, userId, claims, issuedAtMs, expiresAtMs },
        lineage: textOfLineage(lineage),
        hasParent: lineage.parent !== null,
        companion: hasCompanion ? companionOf(secrets, lineage.hash2) : null,
      })
      if (payload === undefined) return undefined
      const key = await ring.signingKeyOf(session.app)
      const body = Buffer.from(JSON.stringify(payload)).toString(shape.encoding)
      const signed = `${headerOf(key)}.${body}`
      if (signed.length + spareChars > TOKEN_CHARS_MAX) return undefined
      const signature = await key.sign(signed)
      return `${signed}.${signature.toString(shape.encoding)}`
    },

    async open(app, token) {
      if (token.length > TOKEN_CHARS_MAX * 2) return undefined
      const [header = '', body = '', signature = '', ...rest] = token.split('.')
      if (rest.length > 0) return undefined
      const key = await keyNamedIn(header, { app, shape, ring, former })
      const mark = decodeBase64url(signature)
      const bytes = decodeBase64url(body)
      if (key === undefined || bytes === undefined || mark?.length !== key.signatureBytes) {
        return undefined
      }
      if (!key.verify(`${header}.${body}`, mark)) return undefined
      const payload = parseObject(bytes)
      const facts = payload && shape.read(payload)
      const lineage = facts && lineageIn(facts)
      if (facts === undefined || lineage === undefined) return undefined
      const { tenant, handle, userId, claims, issuedAtMs, expiresAtMs } = facts
      const subject = { app, tenant, handle, userId, claims }
      return { ...subject, kind: 'jwt', lineage, issuedAtMs, expiresAtMs }
    },
  }
}

/** The key of a header that says of it what we would have said, and nothing more. */
async function keyNamedIn(
  header: string,
  of: {
    readonly app: AppId
    readonly shape: TokenShape
    readonly ring: FittingKeys
    readonly former: FormerKeys
  },
): Promise<VerifyingKey | undefined> {
  const bytes = decodeBase64url(header)
  const members = bytes && parseObject(bytes)
  if (members === undefined || typeof members.kid !== 'string') return undefined
  const key: VerifyingKey | undefined =
    (await of.former.findByKid(of.app, members.kid)) ??
    (await of.ring.findByKid(of.app, members.kid))
  if (key === undefined) return undefined
  const expected = of.shape.headerOf({ alg: key.algorithm, kid: key.kid })
  const names = Object.keys(members)
  const isSame =
    names.length === Object.keys(expected).length &&
    names.every((name) => members[name] === expected[name])
  return isSame ? key : undefined
}

/**
 * The lineage as one string, which stays the same when a token is issued anew: the second in which
 * the refresh token was minted, and the packed lineage as seen from then.
 */
function textOfLineage(lineage: Lineage): string {
  const seconds = Math.floor(lineage.mintedAtMs / 1000)
  return `${seconds.toString(SECONDS_RADIX)}.${packLineage(lineage, seconds * 1000)}`
}

function lineageIn({ lineage }: ShapedFacts): Lineage | undefined {
  if (typeof lineage !== 'string') return lineage
  const [seconds = '', packed = ''] = lineage.split('.')
  const mintedSeconds = Number.parseInt(seconds, SECONDS_RADIX)
  return Number.isSafeInteger(mintedSeconds)
    ? unpackLineage(packed, mintedSeconds * 1000)
    : undefined
}

function parseObject(bytes: Buffer): { readonly [name: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? { ...value } : undefined
  } catch {
    return undefined
  }
}
