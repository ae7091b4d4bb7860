import { crc32 } from 'node:zlib'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const CHECKSUM_CHARS = 6

/**
 * The last part of every token of ours: CRC-32 of what stands before it, in 6 base-62 digits. It
 * finds damage, not forgery; whoever can read this can make one.
 */
export function checksumOf(body: string): string {
  let rest = crc32(body)
  let text = ''
  for (let digit = 0; digit < CHECKSUM_CHARS; digit++) {
    text = DIGITS[rest % DIGITS.length] + text
    rest = Math.floor(rest / DIGITS.length)
  }
  return text
}

/** The two parts between a token's prefix and its checksum. */
export interface TokenParts {
  /** Names a secret or a record; public. */
  readonly id: string
  readonly payload: string
}

/** Writes `prefix.id.payload.checksum`. */
export function joinToken(prefix: string, { id, payload }: TokenParts): string {
  const body = `${prefix}.${id}.${payload}`
  return `${body}.${checksumOf(body)}`
}

/** Reads `prefix.id.payload.checksum`; undefined unless prefix, shape and checksum are right. */
export function splitToken(prefix: string, token: string): TokenParts | undefined {
  if (!token.startsWith(prefix) || token[prefix.length] !== '.') return undefined
  const idEnd = token.indexOf('.', prefix.length + 1)
  const bodyEnd = token.length - CHECKSUM_CHARS - 1
  if (idEnd === -1 || idEnd >= bodyEnd || token[bodyEnd] !== '.') return undefined
  if (token.slice(bodyEnd + 1) !== checksumOf(token.slice(0, bodyEnd))) return undefined
  return { id: token.slice(prefix.length + 1, idEnd), payload: token.slice(idEnd + 1, bodyEnd) }
}
