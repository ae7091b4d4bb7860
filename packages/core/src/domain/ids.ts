/** Branded primitives: values that look alike and must never be mixed. */

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** An application: 1 to 64 characters of `[a-z0-9-]`; `default` unless configured. */
export type AppId = Brand<string, 'AppId'>
/** A tenant inside an application: 1 to 64 characters of `[a-z0-9-]`; `default` unless given. */
export type TenantId = Brand<string, 'TenantId'>
/** The public name of a session: 22 base64url characters (128 random bits). Not a credential. */
export type SessionHandle = Brand<string, 'SessionHandle'>
/** The application's own name for a user: 1 to 256 characters, never interpreted. */
export type UserId = Brand<string, 'UserId'>
/**
 * `hash2` of a refresh token: base64url of SHA-256(SHA-256(token)), 43 characters. What is stored.
 */
export type SecretHash = Brand<string, 'SecretHash'>
/**
 * The first 16 characters (96 bits) of a {@link SecretHash}: enough to compare, never stored alone.
 */
export type HashPrefix = Brand<string, 'HashPrefix'>
/** Milliseconds since 1970-01-01T00:00:00Z, an integer. */
export type EpochMs = Brand<number, 'EpochMs'>
/** RFC 7638 SHA-256 thumbprint of a public key, base64url, 43 characters. */
export type KeyThumbprint = Brand<string, 'KeyThumbprint'>

/** JSON as parsed: what claims and data are made of. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
/** A JSON object; keys are own properties only. */
export type JsonObject = { readonly [key: string]: Json }

/** Length in characters of a {@link HashPrefix}. */
export const HASH_PREFIX_LENGTH = 16

/** The comparable prefix of a stored hash. */
export function prefixOf(hash: SecretHash): HashPrefix {
  return hash.slice(0, HASH_PREFIX_LENGTH) as HashPrefix
}
