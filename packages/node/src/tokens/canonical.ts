import { isUtf8 } from 'node:buffer'
import { LIMITS } from '@pawl/protocol'

/**
 * The bytes of a base64url text, or undefined unless it is spelled in the one canonical way (RFC
 * 7515 section 2: no padding, no stray bits, no other alphabet): two texts never mean one token.
 */
export function decodeCanonical(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return isSpelledBy(bytes, bytes.length, text) ? bytes : undefined
}

/**
 * The same into `room`, whose size must do: how many bytes, or undefined. For what is looked at
 * once and at once: memory that is used again and again stays in the processor's caches.
 */
export function decodeCanonicalInto(room: Buffer, text: string): number | undefined {
  const length = room.write(text, 0, 'base64url')
  return isSpelledBy(room, length, text) ? length : undefined
}

function isSpelledBy(bytes: Buffer, length: number, text: string): boolean {
  return length > 0 && bytes.toString('base64url', 0, length) === text
}

/** Room for the bytes of any token. */
export function roomForToken(): Buffer {
  return Buffer.alloc(LIMITS.tokenChars)
}

const REPLACEMENT = '\ufffd'

/**
 * The JSON object in the first `length` of these bytes, or undefined unless they are exactly what
 * `JSON.stringify` writes for it. That refuses duplicate members, byte order marks, invalid UTF-8,
 * white space and numbers that do not survive a round trip, without a parser of our own.
 */
export function parseCanonicalObject(
  bytes: Buffer,
  length: number = bytes.length,
): { readonly [key: string]: unknown } | undefined {
  const text = bytes.toString('utf8', 0, length)
  // Whatever is no UTF-8 became this character; so did the character itself.
  if (text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(0, length))) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return JSON.stringify(value) === text ? (value as { [key: string]: unknown }) : undefined
}

const copyRoom = roomForToken()

/**
 * The same token text in memory of its own: a slice would keep the whole request header alive.
 */
export function ownCopy(token: string): string {
  return copyRoom.toString('latin1', 0, copyRoom.write(token, 0, 'latin1'))
}
