import { hash } from 'node:crypto'
import type {
  AppId,
  EpochMs,
  Hash1,
  OpenedRefreshToken,
  RefreshTokens,
  SecretHash,
  SessionHandle,
  TenantId,
} from '@pawl/core'
import { bareOrigin } from './session-origin.ts'

/**
 * A refresh token that was made elsewhere, opened by those who know its form. Its hashes count as
 * hexadecimal text: `hash2` is the SHA-256 of the 64 characters of `hash1`.
 */
export interface FormerRefreshToken {
  readonly tenant: string
  /** 22 characters, as ours. */
  readonly handle: string
  /** SHA-256 of the token, 64 hexadecimal characters. */
  readonly hash1: string
  /** The same of its parent; null for a root. */
  readonly parentHash1: string | null
}

/**
 * Refresh tokens with those among them that were made elsewhere. These count as generation 0 and as
 * minted at the beginning of time, for neither is known: they witness nothing by their age.
 */
export function withFormerTokens(
  tokens: RefreshTokens,
  app: AppId,
  openFormer: ((token: string) => FormerRefreshToken | undefined) | undefined,
): RefreshTokens {
  if (openFormer === undefined) return tokens
  return {
    mint: (order) => tokens.mint(order),
    open(token) {
      const own = tokens.open(token)
      if (own !== undefined) return own
      const former = openFormer(token)
      return former && openedFrom(app, former)
    },
  }
}

function openedFrom(app: AppId, former: FormerRefreshToken): OpenedRefreshToken {
  const handle = former.handle as SessionHandle
  return {
    ...{ app, tenant: former.tenant as TenantId, handle },
    origin: bareOrigin(handle),
    keyThumbprint: null,
    generation: 0,
    mintedAtMs: 0 as EpochMs,
    hash1: new Uint8Array(Buffer.from(former.hash1, 'latin1')) as Hash1,
    hash2: hash2Of(former.hash1),
    parentHash2: former.parentHash1 === null ? null : hash2Of(former.parentHash1),
  }
}

function hash2Of(hash1: string): SecretHash {
  return hash('sha256', hash1, 'base64url') as SecretHash
}
