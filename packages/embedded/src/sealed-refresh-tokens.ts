import { hash } from 'node:crypto'
import type { Hash1, OpenedRefreshToken, RefreshTokens, SecretHash } from '@pawl/core'
import { REFRESH_TOKEN_PREFIX } from '@pawl/protocol'
import { decodeBase64url } from './base64url.ts'
import type { SecretRing } from './master-secret.ts'
import { randomBytes } from './random-pool.ts'
import {
  packRefreshToken,
  RANDOM_BYTES,
  type RefreshTokenFacts,
  unpackRefreshToken,
} from './refresh-token-layout.ts'
import { seal, unseal } from './seal.ts'
import { joinToken, splitToken } from './token-text.ts'

/** Longest refresh token we make: two names of 64 characters, parent and key thumbprint. */
const TOKEN_CHARS_MAX = 480

/**
 * The envelope of refresh tokens: `pawl_rt1.<secretId>.<sealed>.<checksum>`, sealed with
 * AES-256-GCM under a key of the master secret that `secretId` names. `marks`: what is noted in
 * those that are minted (`REFRESH_MARKS`); it makes no difference to those that are opened.
 */
export function sealedRefreshTokens(secrets: SecretRing, marks = 0): RefreshTokens {
  return {
    mint({ session, origin, parent, mintedAtMs }) {
      const { app, tenant, handle, keyThumbprint } = session
      const generation = parent === null ? 0 : parent.generation + 1
      const parentHash1 = parent?.hash1 ?? null
      const random = randomBytes(RANDOM_BYTES)
      const facts: RefreshTokenFacts = {
        ...{ app, tenant, handle, origin, keyThumbprint },
        ...{ generation, mintedAtMs, parentHash1, random, marks },
      }
      const { id, keyFor } = secrets.sealing
      const sealed = seal(keyFor('refreshToken'), packRefreshToken(facts), contextOf(id))
      const payload = sealed.toString('base64url')
      const token = joinToken(REFRESH_TOKEN_PREFIX, { id, payload })
      return { token, opened: openedFrom(token, facts, parent?.hash2 ?? null) }
    },

    open(token) {
      const facts = unsealRefreshToken(secrets, token)
      if (facts === undefined) return undefined
      return openedFrom(token, facts, facts.parentHash1 && hash2Of(facts.parentHash1))
    },
  }
}

/** A token that was looked at, until the next one is opened. */
const lookedAt = new WeakMap<SecretRing, { readonly token: string; facts: RefreshTokenFacts }>()

/**
 * What a refresh token holds, for a wire that looks before the core judges: the core, which opens
 * the same token in the same turn, finds it opened.
 */
export function lookAtRefreshToken(
  secrets: SecretRing,
  token: string,
): RefreshTokenFacts | undefined {
  const facts = unsealRefreshToken(secrets, token)
  if (facts !== undefined) lookedAt.set(secrets, { token, facts })
  return facts
}

/** What a refresh token holds under its seal; undefined for anything that we did not seal. */
function unsealRefreshToken(secrets: SecretRing, token: string): RefreshTokenFacts | undefined {
  const looked = lookedAt.get(secrets)
  // Once only: nobody's token is kept to be compared with those of others.
  lookedAt.delete(secrets)
  if (looked?.token === token) return looked.facts
  if (token.length > TOKEN_CHARS_MAX) return undefined
  const parts = splitToken(REFRESH_TOKEN_PREFIX, token)
  const secret = parts && secrets.find(parts.id)
  const sealed = parts && decodeBase64url(parts.payload)
  if (secret === undefined || sealed === undefined) return undefined
  const bytes = unseal(secret.keyFor('refreshToken'), sealed, contextOf(secret.id))
  return bytes && unpackRefreshToken(bytes)
}

/** Secrets are few; their ids are public. */
const contexts = new Map<string, Uint8Array>()

function contextOf(secretId: string): Uint8Array {
  const known = contexts.get(secretId)
  if (known !== undefined) return known
  const context = Buffer.from(`${REFRESH_TOKEN_PREFIX}.${secretId}`)
  contexts.set(secretId, context)
  return context
}

function openedFrom(
  token: string,
  facts: RefreshTokenFacts,
  parentHash2: SecretHash | null,
): OpenedRefreshToken {
  const { app, tenant, handle, origin, generation, mintedAtMs, keyThumbprint } = facts
  const hash1 = hash('sha256', token, 'buffer') as Uint8Array as Hash1
  const hash2 = hash2Of(hash1)
  const key = { app, tenant, handle }
  return { ...key, origin, generation, mintedAtMs, keyThumbprint, hash1, hash2, parentHash2 }
}

function hash2Of(hash1: Hash1): SecretHash {
  return hash('sha256', hash1, 'base64url') as SecretHash
}
