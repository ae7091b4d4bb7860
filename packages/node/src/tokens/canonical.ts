import { isUtf8 } from 'node:buffer'

/**
 * The bytes of a base64url text, or undefined unless it is spelled in the one canonical way (RFC
 * 7515 section 2: no padding, no stray bits, no other alphabet): two texts never mean one token.
 */
export function decodeCanonical(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined
}

/**
 * The JSON object in these bytes, or undefined unless they are exactly what `JSON.stringify` writes
 * for it. That refuses duplicate members, byte order marks, invalid UTF-8, white space and numbers
 * that do not survive a round trip, without a parser of our own.
 */
export function parseCanonicalObject(
  bytes: Buffer,
): { readonly [key: string]: unknown } | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return JSON.stringify(value) === text ? (value as { [key: string]: unknown }) : undefined
}

/** The same text in memory of its own: a slice would keep the whole request header alive. */
export function ownCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
