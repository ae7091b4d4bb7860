/**
 * THE KEY INVENTORY: every key that is derived from the master secret (HKDF-SHA256, RFC 5869), by
 * what it is for. Each has its own label, so that no key serves two purposes; a label never
 * changes its meaning, a new format gets a new one.
 */
export const KEY_PURPOSES = {
  /** AES-256-GCM: seals refresh tokens. */
  refreshToken: 'pawl/1 seal refresh tokens',
  /** AES-256-GCM: seals opaque access tokens. */
  opaqueAccessToken: 'pawl/1 seal opaque access tokens',
  /** AES-256-GCM: seals private signing keys in the store. */
  signingKeyAtRest: 'pawl/1 seal signing keys at rest',
  /** AES-256-GCM: seals secrets of a core whose sessions were taken over. */
  formerSecretAtRest: 'pawl/1 seal secrets of a former core at rest',
  /** HMAC-SHA-256: makes the companion of a refresh token. */
  companion: 'pawl/1 derive companions of refresh tokens',
  /** 6 bytes of output: the public name of the secret. */
  secretId: 'pawl/1 name the master secret',
  /** 32 bytes of output: what the store remembers of the secret. */
  fingerprint: 'pawl/1 fingerprint of the master secret',
} as const

/** What a derived key is for. */
export type KeyPurpose = keyof typeof KEY_PURPOSES
