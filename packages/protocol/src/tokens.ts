/**
 * How tokens look from outside. Every token of ours starts with a type prefix that secret scanners
 * can find, and ends with a checksum that lets a damaged one be refused before any key is touched;
 * neither adds authority.
 *
 * Refresh token: `pawl_rt1.<secretId>.<sealed>.<checksum>`
 */
export const REFRESH_TOKEN_PREFIX = 'pawl_rt1'
/** Prefix of an opaque access token, same shape as a refresh token. */
export const OPAQUE_ACCESS_PREFIX = 'pawl_at1'
/** Prefix of an API key: `pawl_key1.<id>.<secret>.<checksum>`. */
export const API_KEY_PREFIX = 'pawl_key1'
/** `typ` header of native access tokens (RFC 9068 section 2.1). */
export const ACCESS_TOKEN_TYP = 'at+jwt'

/** Claims of a native access token that applications may not set. */
export const RESERVED_CLAIMS = [
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'cnf',
  'sid',
  'tid',
  'lin',
] as const

/**
 * Packed lineage in the claim `lin` of an access token: base64url of
 * generation (4 bytes) | minting time of the refresh token, as milliseconds after `iat` (3 bytes,
 * negative before it: 2.3 hours either way, and no access token lives longer than one) | `hash2` of
 * the refresh token (32 bytes) | first 12 bytes of its parent's `hash2` (absent: none).
 * Numbers are big endian, two's complement.
 */
export const LINEAGE_BYTES = { generation: 4, mintedAt: 3, self: 32, parent: 12 } as const
