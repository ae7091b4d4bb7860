import { createDecipheriv, hash, pbkdf2Sync } from 'node:crypto'
import type { FormerRefreshToken } from '@pawl/embedded'
import { parseWireHandle } from '../names.ts'

/** A refresh token of a SuperTokens core: `<base64>.<nonce>.V2`. */
const FORM = /^([A-Za-z0-9+/]{40,2048}={0,2})\.([0-9a-f]{64})\.V[012]$/
const HASH = /^[0-9a-f]{64}$/
const IV_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32
const ROUNDS = 100

/** What such a token says. */
export interface FormerToken extends FormerRefreshToken {
  /** The anti-CSRF token that it came with, or null. */
  readonly companion: string | null
}

/** Whether a text looks like such a token. */
export function isFormerForm(text: string): boolean {
  return FORM.test(text)
}

/** Opens such a token with the refresh token key of its app; undefined for any other text. */
export function openFormerToken(key: string, token: string): FormerToken | undefined {
  const [, sealed = '', nonce = ''] = FORM.exec(token) ?? []
  const bytes = Buffer.from(sealed, 'base64')
  if (bytes.length <= IV_BYTES + TAG_BYTES) return undefined
  const facts = parse(decrypt(key, bytes))
  if (facts === undefined || facts.nonce !== nonce) return undefined
  const { sessionHandle, parentRefreshTokenHash1: parent, antiCsrfToken } = facts
  const name = typeof sessionHandle === 'string' ? parseWireHandle(sessionHandle) : undefined
  if (name === undefined) return undefined
  const hasParent = typeof parent === 'string'
  if (hasParent && !HASH.test(parent)) return undefined
  return {
    ...name,
    hash1: hash('sha256', token, 'hex'),
    parentHash1: hasParent ? parent : null,
    companion: typeof antiCsrfToken === 'string' ? antiCsrfToken : null,
  }
}

function decrypt(key: string, bytes: Buffer): string | undefined {
  const iv = bytes.subarray(0, IV_BYTES)
  const tagAt = bytes.length - TAG_BYTES
  const secret = pbkdf2Sync(key, iv, ROUNDS, KEY_BYTES, 'sha512')
  const decipher = createDecipheriv('aes-256-gcm', secret, iv, { authTagLength: TAG_BYTES })
  decipher.setAuthTag(bytes.subarray(tagAt))
  const plain = decipher.update(bytes.subarray(IV_BYTES, tagAt))
  try {
    decipher.final()
    return plain.toString()
  } catch {
    // Not sealed with this key: an answer, not a failure.
    return undefined
  }
}

function parse(text: string | undefined): { readonly [name: string]: unknown } | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
