/**
 * What went wrong between core and database.
 *
 * - `unavailable`: not reachable, refused, pool exhausted; nothing is known to have been written.
 * - `timeout`: no answer in time; the write may or may not have happened.
 * - `read-only`: the server answers but takes no writes (a replica, a full disk).
 * - `conflict`: the engine gave up on a concurrent write after bounded retries.
 * - `schema`: tables are missing, older or newer than this build expects.
 * - `corrupt`: a stored value cannot be read back.
 * - `closed`: the store was closed.
 */
export type StoreErrorKind =
  | 'unavailable'
  | 'timeout'
  | 'read-only'
  | 'conflict'
  | 'schema'
  | 'corrupt'
  | 'closed'

const STORE_ERROR_BRAND = Symbol.for('pawl.StoreError')

/**
 * Infrastructure trouble, thrown by stores and never by the rules. Outward it is a 503 with
 * `Retry-After`, never a 401 and never a logout. The message names no secret and no credential.
 */
export class StoreError extends Error {
  readonly [STORE_ERROR_BRAND] = true
  readonly kind: StoreErrorKind

  constructor(kind: StoreErrorKind, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'StoreError'
    this.kind = kind
  }
}

/** Whether a thrown value is a {@link StoreError}, across duplicated copies of this package. */
export function isStoreError(value: unknown): value is StoreError {
  return typeof value === 'object' && value !== null && STORE_ERROR_BRAND in value
}
