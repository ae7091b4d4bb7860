import type { EpochMs, PresentedToken, SecretHash, Session } from '@pawl/core'

/** What a process of the core can be asked to do with the one session of a race. */
export type Call =
  | { readonly kind: 'refresh' | 'use' | 'check'; readonly token: RaceToken }
  | { readonly kind: 'revoke' }

/** A token with the name that stories give it. */
export interface RaceToken extends PresentedToken {
  readonly name: string
}

/** The time of every decision of a race, in milliseconds. */
export const RACE_NOW_MS = 10_000_000 as EpochMs
const MINUTE_MS = 60_000

function token(name: string, parent: string | null, generation: number, ageMs: number): RaceToken {
  return {
    name,
    hash2: name as SecretHash,
    parentHash2: parent as SecretHash | null,
    generation,
    mintedAtMs: (RACE_NOW_MS - ageMs) as EpochMs,
  }
}

const OLD = token('old', 'older', 3, 60 * MINUTE_MS)
const PREV = token('prev', 'old', 4, 40 * MINUTE_MS)
const CUR = token('cur', 'prev', 5, 20 * MINUTE_MS)
const SIBLING = token('sibling', 'prev', 5, 20 * MINUTE_MS)
const CHILD_A = token('child-a', 'cur', 6, 10 * MINUTE_MS)
const CHILD_B = token('child-b', 'cur', 6, 10 * MINUTE_MS)
const AHEAD = token('ahead', 'lost', 7, 5 * MINUTE_MS)

/** Every call that a race is drawn from: each row of the rule, a use, a check and a revocation. */
export const CALLS: readonly Call[] = [
  { kind: 'refresh', token: OLD },
  { kind: 'refresh', token: PREV },
  { kind: 'refresh', token: CUR },
  { kind: 'refresh', token: SIBLING },
  { kind: 'refresh', token: CHILD_A },
  { kind: 'refresh', token: CHILD_B },
  { kind: 'refresh', token: AHEAD },
  { kind: 'use', token: CHILD_A },
  { kind: 'check', token: CUR },
  { kind: 'revoke' },
]

/** How a story speaks of a call. */
export function nameOfCall(call: Call): string {
  return call.kind === 'revoke' ? 'revoke' : `${call.kind} ${call.token.name}`
}

/** The row that every race starts from: `cur` was confirmed half a minute ago, `prev` is its parent. */
export const RACE_SESSION = {
  app: 'default',
  tenant: 'default',
  handle: 'session',
  userId: 'user',
  createdAtMs: 0,
  idleTimeoutMs: 24 * 60 * MINUTE_MS,
  idleExpiresAtMs: RACE_NOW_MS + 60 * MINUTE_MS,
  absoluteExpiresAtMs: RACE_NOW_MS * 2,
  accessTtlSeconds: 600,
  accessKind: 'jwt',
  claims: {},
  data: {},
  device: {},
  keyThumbprint: null,
  revokedAtMs: null,
  endReason: null,
  generation: CUR.generation,
  curHash2: CUR.hash2,
  curMintedAtMs: CUR.mintedAtMs,
  prevHash2: PREV.hash2,
  confirmedAtMs: RACE_NOW_MS - MINUTE_MS / 2,
} as unknown as Session
