import { hash } from 'node:crypto'
import type { Origin, SessionHandle } from '@pawl/core'

/** Bytes of a session's origin: 128 bits, as many as its handle has. */
export const ORIGIN_BYTES = 16

/**
 * The handle of a session: the first 128 bits of its origin's SHA-256, as 22 base64url characters.
 * To find an origin for a given handle takes about 2^128 tries.
 */
export function handleOf(origin: Origin): SessionHandle {
  const digest = hash('sha256', origin, 'buffer').subarray(0, ORIGIN_BYTES)
  return digest.toString('base64url') as SessionHandle
}
