import type {
  AppId,
  EpochMs,
  JsonObject,
  KeyThumbprint,
  SessionHandle,
  TenantId,
  UserId,
} from '../domain/ids.ts'
import type { Lineage, PresentedToken, Session, SessionKey } from '../domain/session.ts'
import type { Origin } from './random.ts'

declare const hash1Brand: unique symbol
/** SHA-256 of a refresh token: makes children. Lives in memory only, never stored, never sent. */
export type Hash1 = Uint8Array & { readonly [hash1Brand]: true }

/** A refresh token whose seal was good: authentic, but not yet judged. */
export interface OpenedRefreshToken extends PresentedToken, SessionKey {
  readonly hash1: Hash1
  readonly origin: Origin
  readonly keyThumbprint: KeyThumbprint | null
}

/** What a new refresh token is made for. */
export interface RefreshTokenOrder {
  readonly session: Pick<Session, 'app' | 'tenant' | 'handle' | 'keyThumbprint'>
  /** The origin of the session: a child has its parent's. */
  readonly origin: Origin
  /** The token that was presented; null at log-in. */
  readonly parent: Pick<OpenedRefreshToken, 'hash1' | 'hash2' | 'generation'> | null
  readonly mintedAtMs: EpochMs
}

/**
 * The envelope of refresh tokens: sealed (AES-256-GCM), versioned, keyed, with prefix and checksum.
 */
export interface RefreshTokens {
  mint(order: RefreshTokenOrder): { readonly token: string; readonly opened: OpenedRefreshToken }
  /** Undefined for anything this core did not seal; never throws on input, bounded time. */
  open(token: string): OpenedRefreshToken | undefined
}

/** What a new access token is made for. */
export interface AccessTokenOrder {
  readonly session: Pick<
    Session,
    'app' | 'tenant' | 'handle' | 'userId' | 'claims' | 'accessKind' | 'keyThumbprint'
  >
  readonly lineage: Lineage
  readonly nowMs: EpochMs
  readonly expiresAtMs: EpochMs
  /** How much shorter than its limit the token has to be, in characters; default 0. */
  readonly spareChars?: number
}

/** An access token whose signature (or seal) was good; its expiry is the caller's to judge. */
export interface OpenedAccessToken {
  readonly app: AppId
  readonly tenant: TenantId
  readonly handle: SessionHandle
  /** Empty, as are the claims, for an opaque token: both are in the row. */
  readonly userId: UserId
  readonly claims: JsonObject
  readonly kind: 'jwt' | 'opaque'
  readonly lineage: Lineage
  readonly issuedAtMs: EpochMs
  readonly expiresAtMs: EpochMs
}

/** Access tokens: JWTs (RFC 9068 `at+jwt` unless the edge speaks otherwise) and opaque ones. */
export interface AccessTokens {
  /** Names of claims that are the token's own: applications may not set them. */
  readonly reservedClaims: ReadonlySet<string>
  /** Undefined if the token would be longer than a cookie can hold: nothing was written yet. */
  mint(order: AccessTokenOrder): Promise<string | undefined>
  /** Undefined for anything this core did not sign or seal; never throws on input. */
  open(app: AppId, token: string): Promise<OpenedAccessToken | undefined>
}

/** The public side of an app's signing keys. */
export interface PublicKeys {
  /** RFC 7517 members, public ones only, and how long the set may be cached. */
  publicKeySet(app: AppId): Promise<{
    readonly keys: readonly {
      readonly kty: string
      readonly kid: string
      readonly alg: string
      readonly use: string
    }[]
    readonly maxAgeSeconds: number
  }>
}
