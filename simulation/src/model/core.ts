import type { EpochMs, PresentedToken, Rotation, SecretHash, Session } from '@pawl/core'
import { CHILD } from '../rules/rule.ts'
import {
  hashOf,
  idOf,
  NO_TOKEN,
  type Row,
  type State,
  type Tick,
  type Token,
  toMs,
} from './state.ts'
import type { Setting } from './world.ts'

/** What became of a refresh at the core. */
export type Answer =
  | { readonly kind: 'grant'; readonly rule: string; readonly row: Row; readonly child: Token }
  | { readonly kind: 'refused'; readonly reason: string }

/** The columns that a rotation may write. Anything else would break an invariant. */
const ROTATION_COLUMNS = new Set([
  'confirmedAtMs',
  'curHash2',
  'curMintedAtMs',
  'generation',
  'prevHash2',
])
const FAR_FUTURE_MS = Number.MAX_SAFE_INTEGER as EpochMs
const NO_IDLE_TIMEOUT_MS = 2 ** 50

/** Presents a token to the rule under test and applies the row change, as one atomic step. */
export function present(setting: Setting, state: State, token: Token): Answer {
  const { rule, tickMs } = setting
  const context = { nowMs: toMs(state.now, tickMs), settings: rule.settings, provenKey: null }
  const session = sessionOf(setting, state.row)
  const decision = rule.decideRefresh(session, presented(token, tickMs), context)
  if (decision.kind === 'reject') return { kind: 'refused', reason: decision.reason }
  if (decision.kind === 'theft') return { kind: 'refused', reason: 'theft' }
  if (decision.rule === 'heal' && !setting.world.fallbacks) {
    throw new Error('row 5 was reached although the store lost nothing')
  }
  const child = mint(setting, state, token)
  if (decision.rotation === null) {
    return { kind: 'grant', rule: decision.rule, row: state.row, child }
  }
  const row = applied(setting, state, { rotation: decision.rotation, child })
  return { kind: 'grant', rule: decision.rule, row, child }
}

/** Whether presenting a token now would raise the alarm. */
export function wouldBeTheft(setting: Setting, state: State, token: Token): boolean {
  const answer = present(setting, state, token)
  return answer.kind === 'refused' && answer.reason === 'theft'
}

/** An access token seen on a request, and when a back end first saw it. */
export interface SeenUse {
  readonly token: Token
  readonly seenAt: Tick
}

/** Reports the use of an access token; the row after it, or null if nothing changes. */
export function reportUse(setting: Setting, state: State, { token, seenAt }: SeenUse): Row | null {
  const { rule, tickMs } = setting
  const { hash2, parentHash2, generation, mintedAtMs } = presented(token, tickMs)
  const lineage = { hash2, parent: parentHash2 as never, generation, mintedAtMs }
  const context = {
    nowMs: toMs(state.now, tickMs),
    settings: rule.settings,
    firstSeenAtMs: toMs(seenAt, tickMs),
  }
  const session = sessionOf(setting, state.row)
  const decision = rule.decideUse(session, lineage, context)
  return decision.kind === 'nothing' ? null : applied(setting, state, decision)
}

function mint(setting: Setting, state: State, parent: Token): Token {
  const serial = state.thief === null ? 0 : parent.serial + 1
  const { row, now } = state
  const fresh = {
    id: state.nextId,
    parent: parent.id,
    generation: parent.generation + 1,
    mintedAt: now,
    serial,
  }
  if (setting.rule.mints === 'fresh') return fresh
  if (row.prev === parent.id) return { ...fresh, id: row.cur, mintedAt: row.mintedAt }
  const twin = held(state).find((token) => token.parent === parent.id)
  return twin === undefined ? fresh : { ...fresh, id: twin.id, mintedAt: twin.mintedAt }
}

/** Every token that somebody holds or that is on its way. */
function held({ jar, disk, exchanges, use, thief }: State): Token[] {
  const tokens = [jar, disk, ...exchanges.map((exchange) => exchange.token)]
  if (use !== null) tokens.push(use.token)
  return thief === null ? tokens : [...tokens, ...thief.tokens]
}

function applied(
  setting: Setting,
  state: State,
  { rotation, child }: { readonly rotation: Rotation; readonly child?: Token },
): Row {
  const { next, expected } = rotation
  if (expected !== hashOf(state.row.cur))
    throw new Error('a rotation must expect the row it judged')
  for (const column in next) {
    if (!ROTATION_COLUMNS.has(column)) throw new Error(`a rotation must not write ${column}`)
  }
  return {
    cur: next.curHash2 === CHILD && child !== undefined ? child.id : idOf(next.curHash2),
    generation: next.generation,
    mintedAt: next.curMintedAtMs / setting.tickMs,
    prev: next.prevHash2 === null ? NO_TOKEN : idOf(next.prevHash2),
    confirmedAt: next.confirmedAtMs / setting.tickMs,
    touchedAt: state.now,
  }
}

function presented(token: Token, tickMs: number): PresentedToken {
  return {
    hash2: hashOf(token.id),
    parentHash2: hashOrNull(token.parent),
    generation: token.generation,
    mintedAtMs: toMs(token.mintedAt, tickMs),
  }
}

function hashOrNull(id: number): SecretHash | null {
  return id === NO_TOKEN ? null : hashOf(id)
}

/** The row as the rule sees it. One object serves every call: rules are pure and keep nothing. */
function sessionOf({ world, tickMs }: Setting, row: Row): Session {
  const idleTimeoutMs = world.idleTicks > 0 ? world.idleTicks * tickMs : NO_IDLE_TIMEOUT_MS
  SESSION.generation = row.generation
  SESSION.curHash2 = hashOf(row.cur)
  SESSION.curMintedAtMs = toMs(row.mintedAt, tickMs)
  SESSION.prevHash2 = hashOrNull(row.prev)
  SESSION.confirmedAtMs = toMs(row.confirmedAt, tickMs)
  SESSION.idleTimeoutMs = idleTimeoutMs
  SESSION.idleExpiresAtMs = (row.touchedAt * tickMs + idleTimeoutMs) as EpochMs
  return SESSION
}

const SESSION = {
  app: 'default',
  tenant: 'default',
  handle: 'session',
  userId: 'user',
  createdAtMs: 0,
  idleTimeoutMs: NO_IDLE_TIMEOUT_MS,
  idleExpiresAtMs: 0,
  absoluteExpiresAtMs: FAR_FUTURE_MS,
  accessTtlSeconds: 600,
  accessKind: 'jwt',
  claims: {},
  data: {},
  device: {},
  keyThumbprint: null,
  revokedAtMs: null,
  endReason: null,
  generation: 0,
  curHash2: hashOf(0),
  curMintedAtMs: 0,
  prevHash2: null,
  confirmedAtMs: 0,
} as unknown as { -readonly [Column in keyof Session]: Session[Column] }
