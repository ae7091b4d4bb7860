import type { EpochMs, SecretHash } from '@pawl/core'

/** A time on the world's clock, in ticks. */
export type Tick = number
/** Identity of a token inside one state. */
export type TokenId = number
/** Where there is no token. */
export const NO_TOKEN: TokenId = -1

/** A refresh token and the access token granted with it. Never changed once minted. */
export interface Token {
  readonly id: TokenId
  /** The token presented to obtain it, or NO_TOKEN for the root. */
  readonly parent: TokenId
  readonly generation: number
  readonly mintedAt: Tick
  /** Victim's serial refreshes since the theft that led to this token; 0 before it. */
  readonly serial: number
}

/** The columns of the session's row that a rotation moves, and the witness of idleness. */
export interface Row {
  readonly cur: TokenId
  readonly generation: number
  readonly mintedAt: Tick
  readonly prev: TokenId
  readonly confirmedAt: Tick
  /** When the row's idle expiry was last set. */
  readonly touchedAt: Tick
}

/** One refresh on its way: a request, or the answer to it. */
export interface Exchange {
  /** Which tab or render started it; for stories only. */
  readonly tab: number
  readonly token: Token
  readonly phase: 'request' | 'response'
  readonly sentAt: Tick
  /** A page rendered on a server: may use the grant before, or without, the browser getting it. */
  readonly isRender: boolean
  /** The browser that started it is gone: an answer can no longer reach a jar. */
  readonly isOrphan: boolean
  /** Its sender still waits for it and holds the lock (serialized worlds). */
  readonly isAwaited: boolean
}

/** A request that carries an access token, and the background report of it. */
export interface Use {
  readonly token: Token
  readonly sentAt: Tick
}

/** The thief, once he has copied the jar. */
export interface Thief {
  /** Tokens he holds that could still be accepted. */
  readonly tokens: readonly Token[]
  readonly rounds: number
  readonly hasMoved: boolean
  /** Most serial refreshes that the victim had completed at the end of the last round. */
  readonly countedSerial: number
  /** Most serial refreshes that the victim has completed. */
  readonly victimSerial: number
}

/** Everything there is at one moment of a small world. */
export interface State {
  readonly now: Tick
  readonly nextId: TokenId
  readonly row: Row
  /** An earlier row that the store can fall back to. */
  readonly backup: Row | null
  /** What the jar holds, and since when. */
  readonly jar: Token
  readonly jarSince: Tick
  /** What of it is on disk, and since when that was in the jar. */
  readonly disk: Token
  readonly diskSince: Tick
  /** Since when jar and disk differ; `now` or earlier. Meaningless while they agree. */
  readonly dirtySince: Tick
  /** Last activity of the user that the rule owes a session to (idle worlds). */
  readonly activeAt: Tick
  exchanges: readonly Exchange[]
  readonly use: Use | null
  thief: Thief | null
}

const HASHES: SecretHash[] = []

/** The stored hash that stands for a token; two tokens differ within the first 16 characters. */
export function hashOf(id: TokenId): SecretHash {
  for (let next = HASHES.length; next <= id; next++) HASHES.push(`t${next}` as SecretHash)
  return HASHES[id] as SecretHash
}

/** The token that a hash stands for. */
export function idOf(hash: SecretHash): TokenId {
  return Number(hash.slice(1))
}

/** A tick as the rule sees it. */
export function toMs(tick: Tick, tickMs: number): EpochMs {
  return (tick * tickMs) as EpochMs
}
