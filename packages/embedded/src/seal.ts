import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { randomBytes } from './random-pool.ts'

const IV_BYTES = 12
const TAG_BYTES = 16

/** Bytes that sealing adds. */
const SEAL_BYTES = IV_BYTES + TAG_BYTES

/**
 * AES-256-GCM with a random 96-bit nonce: `iv | ciphertext | tag`. `context` is authenticated
 * with it and must be given again to open.
 */
export function seal(key: KeyObject, plaintext: Uint8Array, context: string): Buffer {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(context))
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Opens what {@link seal} made; undefined for any other bytes, key or context. */
export function unseal(key: KeyObject, sealed: Buffer, context: string): Buffer | undefined {
  if (sealed.length < SEAL_BYTES) return undefined
  const tagAt = sealed.length - TAG_BYTES
  const iv = sealed.subarray(0, IV_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context))
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
