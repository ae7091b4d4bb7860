import { hash } from 'node:crypto'
import type { EpochMs, HashPrefix, Lineage, SecretHash } from '@pawl/core'

const HASH = /^[0-9a-f]{64}$/
const PREFIX_CHARS = 16

/**
 * What an access token of a SuperTokens core says of its refresh token: `hash1` values, in
 * hexadecimal. Undefined for a lineage of ours. Generation and minting time are not known.
 */
export function formerLineage(self: string, parent: string | null): Lineage | undefined {
  if (!HASH.test(self) || (parent !== null && !HASH.test(parent))) return undefined
  return {
    hash2: hash('sha256', self, 'base64url') as SecretHash,
    parent:
      parent === null
        ? null
        : (hash('sha256', parent, 'base64url').slice(0, PREFIX_CHARS) as HashPrefix),
    generation: 0,
    mintedAtMs: 0 as EpochMs,
  }
}
