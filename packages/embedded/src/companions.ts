import { createHmac } from 'node:crypto'
import type { SecretHash } from '@pawl/core'
import type { SecretRing } from './master-secret.ts'

/** Characters of a companion: 128 bits, base64url. */
const COMPANION_CHARS = 22

/**
 * The companion of a refresh token: what a page's scripts hold and send along, so that a request
 * which another site set off can be told (the cookie comes by itself, the companion does not). It
 * is derived, so that nothing is stored; the first secret makes it, each of them may have made it.
 */
export function companionOf(secrets: SecretRing, hash2: SecretHash): string {
  return derive(secrets.sealing, hash2)
}

/** Every value that may be the companion of a refresh token, the newest secret's first. */
export function companionsOf(secrets: SecretRing, hash2: SecretHash): readonly string[] {
  return secrets.all.map((secret) => derive(secret, hash2))
}

function derive(secret: SecretRing['sealing'], hash2: SecretHash): string {
  const mac = createHmac('sha256', secret.keyFor('companion')).update(hash2)
  return mac.digest('base64url').slice(0, COMPANION_CHARS)
}
