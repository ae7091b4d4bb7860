import type { GatedToken } from '../revocations/revocation-gate.ts'
import type { Trust } from '../trust/trust.ts'

/** A token that was verified once, and what must be looked at again on every use. */
export interface VerifiedToken extends GatedToken {
  /** Its whole text. */
  readonly token: string
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
  set(entry: VerifiedToken): void
  delete(token: string): void
}

/** So many characters near the end of a token, all of its signature, choose where it is filed. */
const MARK_CHARS = 6
const MARK_FACTOR = 131

/**
 * A cache of at most `limit` tokens in two generations: when the young one is full it becomes the
 * old one and what was old is forgotten; a hit in the old one moves up. No bookkeeping per hit.
 *
 * Tokens are filed under a number, for a whole token as the key would be hashed and interned on
 * every look-up. The whole text is then compared: tokens of one number only push each other out.
 */
export function makeTokenCache(limit: number): TokenCache {
  const half = Math.max(1, Math.floor(limit / 2))
  let young = new Map<number, VerifiedToken>()
  let old = new Map<number, VerifiedToken>()
  const put = (mark: number, entry: VerifiedToken): void => {
    if (young.size >= half) {
      old = young
      young = new Map()
    }
    young.set(mark, entry)
  }
  return {
    get: (token) => {
      const mark = markOf(token)
      const entry = young.get(mark)
      if (entry !== undefined && entry.token === token) return entry
      const former = old.get(mark)
      if (former === undefined || former.token !== token) return undefined
      put(mark, former)
      return former
    },
    set: (entry) => put(markOf(entry.token), entry),
    delete: (token) => {
      const mark = markOf(token)
      young.delete(mark)
      old.delete(mark)
    },
  }
}

/** A 32-bit number of a text: equal for equal texts. The last character holds few bits. */
function markOf(token: string): number {
  const end = token.length - 1
  let mark = 0
  for (let at = Math.max(0, end - MARK_CHARS); at < end; at += 1) {
    mark = (Math.imul(mark, MARK_FACTOR) + token.charCodeAt(at)) | 0
  }
  return mark
}
