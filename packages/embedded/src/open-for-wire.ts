import { hash, timingSafeEqual } from 'node:crypto'
import type { SecretHash } from '@pawl/core'
import { companionsOf } from './companions.ts'
import type { SecretRing } from './master-secret.ts'
import { REFRESH_MARKS } from './refresh-token-layout.ts'
import { lookAtRefreshToken } from './sealed-refresh-tokens.ts'

/** A refresh token as a wire may look at it before the core judges it: authentic, no more. */
export interface OpenedByWire {
  readonly app: string
  readonly tenant: string
  readonly handle: string
  /** Whether the access token granted with it was signed with a static key. */
  readonly isStaticKey: boolean
  /** Whether it came with a companion. */
  readonly hasCompanion: boolean
  /** Whether a text is its companion; compared in constant time. */
  readonly isCompanion: (text: string) => boolean
}

/** Opens a refresh token for a wire; undefined for anything that this core did not seal. */
export function openForWire(secrets: SecretRing, token: string): OpenedByWire | undefined {
  const facts = lookAtRefreshToken(secrets, token)
  if (facts === undefined) return undefined
  const { app, tenant, handle, marks } = facts
  return {
    ...{ app, tenant, handle },
    isStaticKey: (marks & REFRESH_MARKS.staticKey) !== 0,
    hasCompanion: (marks & REFRESH_MARKS.companion) !== 0,
    isCompanion(text) {
      const hash1 = hash('sha256', token, 'buffer')
      const hash2 = hash('sha256', hash1, 'base64url') as SecretHash
      return companionsOf(secrets, hash2).some((one) => isEqual(one, text))
    },
  }
}

function isEqual(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'))
}
