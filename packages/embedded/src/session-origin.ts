import { hash } from 'node:crypto'
import type { Origin, SessionHandle } from '@pawl/core'

/** Bytes of a session's origin: 128 bits, as many as its handle has. */
export const ORIGIN_BYTES = 16

/** Stands before a handle that is the hash of nothing: the session comes from elsewhere. */
const BARE = 0
const BARE_BYTES = ORIGIN_BYTES + 1

/** The origin of a session whose handle was given to it elsewhere: the handle itself, marked. */
export function bareOrigin(handle: SessionHandle): Origin {
  const bytes = Buffer.from(handle, 'base64url')
  return new Uint8Array([BARE, ...bytes]) as Origin
}

/** Whether a session's handle is the hash of nothing. */
export function isBare(origin: Origin): boolean {
  return origin.length === BARE_BYTES
}

/**
 * The handle of a session: the first 128 bits of its origin's SHA-256, as 22 base64url characters.
 * To find an origin for a given handle takes about 2^128 tries.
 */
export function handleOf(origin: Origin): SessionHandle {
  if (isBare(origin)) return Buffer.from(origin.subarray(1)).toString('base64url') as SessionHandle
  const digest = hash('sha256', origin, 'buffer').subarray(0, ORIGIN_BYTES)
  return digest.toString('base64url') as SessionHandle
}
