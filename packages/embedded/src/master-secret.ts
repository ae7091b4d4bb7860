import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { KEY_PURPOSES, type KeyPurpose } from './key-purposes.ts'
import { randomBytes } from './random-pool.ts'

/** Fewest bytes of a master secret: 256 bits. */
const SECRET_BYTES_MIN = 32
/** Most bytes of a master secret. */
const SECRET_BYTES_MAX = 1_024
/** A text with fewer different characters is not a random secret. */
const DIFFERENT_CHARS_MIN = 10
const KEY_BYTES = 32
const ID_BYTES = 6

/** One master secret; what is derived from it, never the secret itself. */
export interface MasterSecret {
  /** 8 base64url characters that name the secret and reveal nothing of it. */
  readonly id: string
  /** 43 base64url characters by which a store recognizes the secret. */
  readonly fingerprint: string
  /** The 256-bit key for a purpose. */
  readonly keyFor: (purpose: KeyPurpose) => KeyObject
}

/** The secrets of a core: the first seals, all of them open. */
export interface SecretRing {
  readonly sealing: MasterSecret
  readonly all: readonly MasterSecret[]
  /** The secret with this id. */
  readonly find: (id: string) => MasterSecret | undefined
  /** Looks for secrets that were added since; true if there are any. */
  readonly renew: () => boolean
}

/** A new master secret: 256 random bits, base64url. */
export function generateSecret(): string {
  return randomBytes(SECRET_BYTES_MIN).toString('base64url')
}

/** What is wrong with a master secret, without repeating it, or null. */
export function faultOfSecret(secret: string): string | null {
  const bytes = Buffer.byteLength(secret)
  if (bytes < SECRET_BYTES_MIN || bytes > SECRET_BYTES_MAX) {
    return `the master secret must be ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes long, not ${bytes}`
  }
  if (new Set(secret).size < DIFFERENT_CHARS_MIN) {
    return 'the master secret is not random: make one with `pawl secret generate`'
  }
  return null
}

/**
 * Opens the ring of master secrets; the first one seals. Throws for a secret that is too short or
 * plainly not random.
 */
export function openSecretRing(secrets: readonly string[]): SecretRing {
  const [first, ...older] = secrets.map(openSecret)
  if (first === undefined) throw new Error('a master secret is required')
  const all = [first, ...older]
  const byId = new Map(all.map((secret) => [secret.id, secret]))
  return { sealing: first, all, find: (id) => byId.get(id), renew: () => false }
}

function openSecret(secret: string): MasterSecret {
  const fault = faultOfSecret(secret)
  if (fault !== null) throw new Error(fault)
  const derive = (purpose: KeyPurpose, bytes: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, '', KEY_PURPOSES[purpose], bytes))
  const keys = new Map<KeyPurpose, KeyObject>()
  return {
    id: derive('secretId', ID_BYTES).toString('base64url'),
    fingerprint: derive('fingerprint', KEY_BYTES).toString('base64url'),
    keyFor: (purpose) => {
      const known = keys.get(purpose)
      if (known !== undefined) return known
      const key = createSecretKey(derive(purpose, KEY_BYTES))
      keys.set(purpose, key)
      return key
    },
  }
}
