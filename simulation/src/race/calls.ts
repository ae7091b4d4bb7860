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

interface Lineage {
  readonly name: string
  readonly parent: string
  readonly generation: number
}

function token({ name, parent, generation }: Lineage, ageMinutes: number): RaceToken {
  return {
    name,
    hash2: name as SecretHash,
    parentHash2: parent as SecretHash,
    generation,
    mintedAtMs: (RACE_NOW_MS - ageMinutes * MINUTE_MS) as EpochMs,
  }
}

const OLD = token({ name: 'old', parent: 'older', generation: 3 }, 60)
const PREV = token({ name: 'prev', parent: 'old', generation: 4 }, 40)
const CUR = token({ name: 'cur', parent: 'prev', generation: 5 }, 20)
const SIBLING = token({ name: 'sibling', parent: 'prev', generation: 5 }, 20)
const CHILD_A = token({ name: 'child-a', parent: 'cur', generation: 6 }, 10)
const CHILD_B = token({ name: 'child-b', parent: 'cur', generation: 6 }, 10)
const AHEAD = token({ name: 'ahead', parent: 'lost', generation: 7 }, 5)

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

/** The row that every race starts from: `cur` was confirmed half a minute ago. */
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
