import type { EpochMs, JsonObject, SessionHandle, TenantId, UserId } from '@pawl/core'
import type { ShapedFacts, TokenShape } from '@pawl/embedded'
import { formerLineage } from './former/former-lineage.ts'
import { nativeNameOf, parseWireHandle, wireHandleOf, wireNameOf } from './names.ts'

/** The versions of access tokens of this wire; 2 is made, and never read. */
export type TokenVersion = 2 | 3 | 4 | 5

const COMMON_CLAIMS = [
  'sub',
  'exp',
  'iat',
  'sessionHandle',
  'refreshTokenHash1',
  'parentRefreshTokenHash1',
  'antiCsrfToken',
] as const

/** Claims that applications may not set, by the version of the token. */
export const PROTECTED_CLAIMS: { readonly [V in TokenVersion]: ReadonlySet<string> } = {
  2: new Set(),
  3: new Set(COMMON_CLAIMS),
  4: new Set([...COMMON_CLAIMS, 'tId']),
  5: new Set([...COMMON_CLAIMS, 'tId', 'rsub']),
}

/** How access tokens of a version look. */
export interface ShapeOptions {
  readonly version: TokenVersion
  /**
   * Whether a token of an unconfirmed grant names its parent, so that drivers report each use of
   * it; asked at each token.
   */
  readonly namesParent: () => boolean
}

/** The form of access tokens of a version. */
export function tokenShape({ version, namesParent }: ShapeOptions): TokenShape {
  if (version === 2) return oldShape(namesParent)
  const name = String(version)
  const reservedClaims = PROTECTED_CLAIMS[version]
  return {
    reservedClaims,
    encoding: 'base64url',
    headerOf: ({ alg, kid }) => ({ kid, typ: 'JWT', version: name, alg }),
    write(facts) {
      const { claims, userId, tenant, issuedAtMs, expiresAtMs } = facts
      // Made under an older version, whose claims stood apart: they do not fit any more.
      if (Object.keys(claims).some((claim) => reservedClaims.has(claim))) return undefined
      return {
        ...claims,
        sub: userId,
        ...(version >= 4 ? { tId: wireNameOf(tenant) } : {}),
        ...(version >= 5 ? { rsub: userId } : {}),
        exp: expiresAtMs / 1000,
        iat: issuedAtMs / 1000,
        sessionHandle: wireHandleOf(facts),
        refreshTokenHash1: facts.lineage,
        parentRefreshTokenHash1: parentMark(facts, namesParent),
        antiCsrfToken: facts.companion,
      }
    },
    read: (payload) => readPayload(payload, version),
  }
}

/**
 * Names a parent without saying which: all that it is good for is being there. What the parent was
 * is part of the lineage.
 */
function parentMark(
  facts: ShapedFacts & { readonly lineage: string },
  namesParent: () => boolean,
): string | null {
  return facts.hasParent && namesParent() ? `${facts.lineage}.parent` : null
}

function oldShape(namesParent: () => boolean): TokenShape {
  return {
    reservedClaims: PROTECTED_CLAIMS[2],
    encoding: 'base64',
    // Compared byte for byte by those who read it.
    headerOf: () => ({ alg: 'RS256', typ: 'JWT', version: '2' }),
    write(facts) {
      const { claims, userId, companion, issuedAtMs, expiresAtMs } = facts
      const parent = parentMark(facts, namesParent)
      return {
        sessionHandle: wireHandleOf(facts),
        userId,
        refreshTokenHash1: facts.lineage,
        ...(parent === null ? {} : { parentRefreshTokenHash1: parent }),
        userData: claims,
        ...(companion === null ? {} : { antiCsrfToken: companion }),
        expiryTime: expiresAtMs,
        timeCreated: issuedAtMs,
      }
    },
    read: () => undefined,
  }
}

function readPayload(
  payload: { readonly [name: string]: unknown },
  version: Exclude<TokenVersion, 2>,
): ShapedFacts | undefined {
  const { sub, exp, iat, sessionHandle, refreshTokenHash1, antiCsrfToken } = payload
  const { parentRefreshTokenHash1 } = payload
  const tenantName = version >= 4 ? payload.tId : wireNameOf('default')
  if (typeof sub !== 'string') return undefined
  if (typeof sessionHandle !== 'string' || typeof tenantName !== 'string') return undefined
  if (typeof refreshTokenHash1 !== 'string' || !isSeconds(exp) || !isSeconds(iat)) return undefined
  if (!isNullable(antiCsrfToken) || !isNullable(parentRefreshTokenHash1)) return undefined
  const name = parseWireHandle(sessionHandle)
  const tenant = nativeNameOf(tenantName)
  if (name === undefined || tenant !== name.tenant) return undefined
  const former = formerLineage(refreshTokenHash1, parentRefreshTokenHash1)
  // Linked users are known elsewhere only: of a token of ours both are the same.
  if (former === undefined && version >= 5 && payload.rsub !== sub) return undefined
  return {
    tenant: tenant as TenantId,
    handle: name.handle as SessionHandle,
    userId: sub as UserId,
    claims: ownClaimsOf(payload, version) as JsonObject,
    lineage: former ?? refreshTokenHash1,
    hasParent: parentRefreshTokenHash1 !== null,
    companion: antiCsrfToken,
    issuedAtMs: (iat * 1000) as EpochMs,
    expiresAtMs: (exp * 1000) as EpochMs,
  }
}

function ownClaimsOf(
  payload: { readonly [name: string]: unknown },
  version: TokenVersion,
): { readonly [name: string]: unknown } {
  const own = Object.entries(payload).filter(([name]) => !PROTECTED_CLAIMS[version].has(name))
  return Object.fromEntries(own)
}

function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isNullable(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

/** What an access token says of its own form. Nothing of it is proved. */
export interface PeekedToken {
  readonly version: Exclude<TokenVersion, 2>
  readonly isStaticKey: boolean
  readonly hasCompanion: boolean
  readonly hasParent: boolean
  readonly companion: string | null
  /** The application's claims. */
  readonly ownClaims: { readonly [name: string]: unknown }
}

/** Looks at a token without verifying it; undefined if it is not of this wire's present forms. */
export function peekToken(token: string): PeekedToken | undefined {
  const [header = '', payload = ''] = token.split('.')
  const { version, kid } = decode(header) ?? {}
  const body = decode(payload)
  const found = ([3, 4, 5] as const).find((one) => String(one) === version)
  if (found === undefined || typeof kid !== 'string' || body === undefined) return undefined
  const { antiCsrfToken, parentRefreshTokenHash1 } = body
  const companion = typeof antiCsrfToken === 'string' ? antiCsrfToken : null
  return {
    version: found,
    isStaticKey: kid.startsWith('s-'),
    hasCompanion: companion !== null,
    hasParent: typeof parentRefreshTokenHash1 === 'string',
    companion,
    ownClaims: ownClaimsOf(body, found),
  }
}

function decode(part: string): { readonly [name: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
