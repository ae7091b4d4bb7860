import { createHash } from 'node:crypto'

const NAME_CHARACTERS = 16

/**
 * The public name of a refresh token, as the driver's events give it: the beginning of the hash of
 * its hash, which cannot be turned back into anything that could be presented.
 */
export function tokenName(refreshToken: string): string {
  const once = createHash('sha256').update(refreshToken).digest()
  return createHash('sha256').update(once).digest('base64url').slice(0, NAME_CHARACTERS)
}
