import type {
  AppId,
  EpochMs,
  HashPrefix,
  JsonObject,
  KeyThumbprint,
  SecretHash,
  SessionHandle,
  TenantId,
  UserId,
} from './ids.ts'

/** Why a session ended. Stable: part of events, of the revocation log and of the wire. */
export type EndReason =
  | 'sign-out'
  | 'revoked'
  | 'theft'
  | 'replaced'
  | 'limit'
  | 'idle'
  | 'absolute'

/** What names a session row. App and tenant are part of every look-up. */
export interface SessionKey {
  readonly app: AppId
  readonly tenant: TenantId
  readonly handle: SessionHandle
}

/** The columns that a rotation moves, and nothing else. */
export interface RotationState {
  /** Generation of `cur`; the root token has 0. */
  readonly generation: number
  /** The newest refresh token whose receipt the client has proved. */
  readonly curHash2: SecretHash
  readonly curMintedAtMs: EpochMs
  /** The parent of `cur`; null while `cur` is the root. */
  readonly prevHash2: SecretHash | null
  /** When `cur` last advanced (creation time for the root). */
  readonly confirmedAtMs: EpochMs
}

/** One login on one device: one row in the store. */
export interface Session extends SessionKey, RotationState {
  readonly userId: UserId
  readonly createdAtMs: EpochMs
  /** Idle timeout of this session in milliseconds. */
  readonly idleTimeoutMs: number
  readonly idleExpiresAtMs: EpochMs
  /** Nothing ever moves it. */
  readonly absoluteExpiresAtMs: EpochMs
  /** Life of this session's access tokens, in seconds. */
  readonly accessTtlSeconds: number
  /** What access tokens of this session are. */
  readonly accessKind: 'jwt' | 'opaque'
  /** Public claims, copied into every access token. */
  readonly claims: JsonObject
  /** Server-side data; never leaves the back end. */
  readonly data: JsonObject
  /** Facts about the device, as the application chose to record them. */
  readonly device: JsonObject
  /** The key this session is bound to, or null. */
  readonly keyThumbprint: KeyThumbprint | null
  /** Set once, never cleared. A store folds user and tenant cut-offs into it when it reads. */
  readonly revokedAtMs: EpochMs | null
  readonly endReason: EndReason | null
}

/** A well-formed refresh token, opened: what the rule needs to know of it. */
export interface PresentedToken {
  readonly hash2: SecretHash
  /** `hash2` of the token that was presented to obtain this one; null for the root. */
  readonly parentHash2: SecretHash | null
  readonly generation: number
  readonly mintedAtMs: EpochMs
}

/**
 * What an access token says of the refresh token it was granted with. Nothing here can make a
 * child.
 */
export interface Lineage {
  readonly hash2: SecretHash
  readonly parent: HashPrefix | null
  readonly generation: number
  /** Minting time of the refresh token, not of the access token. */
  readonly mintedAtMs: EpochMs
}
