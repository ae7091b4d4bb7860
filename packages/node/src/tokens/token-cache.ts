import type { GatedToken } from '../revocations/revocation-gate.ts'
import type { Trust } from '../trust/trust.ts'

/** A token that was verified once, and what must be looked at again on every use. */
export interface VerifiedToken extends GatedToken {
  /** The trust it was verified against: another one, and it is verified again. */
  readonly trust: Trust
  /** The generation of revocations it was last checked against. */
  revocationGeneration: number
  /**
   * From when a use confirms its grant, ms since the epoch; infinite once reported or not needed.
   */
  settledAtMs: number
}

/** Verified tokens by their whole text. */
export interface TokenCache {
  get(token: string): VerifiedToken | undefined
  set(token: string, entry: VerifiedToken): void
  delete(token: string): void
}

/**
 * A cache of at most `limit` tokens in two generations: when the young one is full it becomes the
 * old one and what was old is forgotten; a hit in the old one moves up. No bookkeeping per hit.
 */
export function makeTokenCache(limit: number): TokenCache {
  const half = Math.max(1, Math.floor(limit / 2))
  let young = new Map<string, VerifiedToken>()
  let old = new Map<string, VerifiedToken>()
  const put = (token: string, entry: VerifiedToken): void => {
    if (young.size >= half) {
      old = young
      young = new Map()
    }
    young.set(token, entry)
  }
  return {
    get: (token) => {
      const entry = young.get(token)
      if (entry !== undefined) return entry
      const former = old.get(token)
      if (former !== undefined) put(token, former)
      return former
    },
    set: put,
    delete: (token) => {
      young.delete(token)
      old.delete(token)
    },
  }
}
