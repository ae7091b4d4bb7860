import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { randomBytes } from './random-pool.ts'

const IV_BYTES = 12
const TAG_BYTES = 16

/** Bytes that sealing adds. */
const SEAL_BYTES = IV_BYTES + TAG_BYTES
const SEAL_OPTIONS = { authTagLength: TAG_BYTES }

/** What is authenticated with what is sealed: text, or, where it is used often, its UTF-8. */
export type SealContext = string | Uint8Array

/**
 * AES-256-GCM with a random 96-bit nonce: `iv | ciphertext | tag`. `context` is authenticated
 * with it and must be given again to open.
 */
export function seal(key: KeyObject, plaintext: Uint8Array, context: SealContext): Buffer {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv, SEAL_OPTIONS)
  cipher.setAAD(bytesOf(context))
  const ciphertext = cipher.update(plaintext)
  // GCM is a stream: nothing is left for the end but the tag.
  cipher.final()
  return Buffer.concat([iv, ciphertext, cipher.getAuthTag()])
}

/** Opens what {@link seal} made; undefined for any other bytes, key or context. */
export function unseal(key: KeyObject, sealed: Buffer, context: SealContext): Buffer | undefined {
  if (sealed.length < SEAL_BYTES) return undefined
  const tagAt = sealed.length - TAG_BYTES
  const iv = sealed.subarray(0, IV_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, iv, SEAL_OPTIONS)
  decipher.setAAD(bytesOf(context))
  decipher.setAuthTag(sealed.subarray(tagAt))
  const plaintext = decipher.update(sealed.subarray(IV_BYTES, tagAt))
  try {
    decipher.final()
    return plaintext
  } catch {
    // The tag did not match: that is the answer, not a failure.
    return undefined
  }
}

function bytesOf(context: SealContext): Uint8Array {
  return typeof context === 'string' ? Buffer.from(context) : context
}
