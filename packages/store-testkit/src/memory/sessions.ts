import {
  type EpochMs,
  type InsertOutcome,
  type JsonObject,
  PAGE_LIMIT_MAX,
  REVOKED_KEPT_MS,
  type RotateOutcome,
  type Rotation,
  type Session,
  type SessionKey,
  type SessionLimit,
  type SessionPage,
  type UserScope,
} from '@pawl/core'
import {
  coverOf,
  endSession,
  foldCutOffs,
  frozenCopy,
  hasExpired,
  liveSessionsOf,
  type MemoryState,
  sessionKeyText,
} from './state.ts'

/** The methods of the port that are about rows. */
export function memorySessions(state: MemoryState) {
  return {
    insert: (session: Session, limit: SessionLimit | null) => insert(state, session, limit),
    find: (key: SessionKey) => find(state, key),
    rotate: (key: SessionKey, rotation: Rotation) => rotate(state, key, rotation),
    updateClaims: (key: SessionKey, claims: JsonObject) => update(state, key, { claims }),
    updateData: (key: SessionKey, data: JsonObject) => update(state, key, { data }),
    listByUser: (user: UserScope, page: PageRequest) => listByUser(state, user, page),
    deleteExpired: (nowMs: EpochMs, limit: number) => deleteExpired(state, nowMs, limit),
  }
}

interface PageRequest {
  readonly nowMs: EpochMs
  readonly limit: number
  readonly after: string | null
}

function insert(state: MemoryState, session: Session, limit: SessionLimit | null): InsertOutcome {
  const key = sessionKeyText(session)
  if (state.rows.has(key)) return { kind: 'duplicate' }
  const beforeMs = coverOf(state, session)
  if (beforeMs !== null) return { kind: 'covered', beforeMs }
  const live = limit === null ? [] : liveSessionsOf(state, session, session.createdAtMs)
  const excess = limit === null ? 0 : live.length - limit.max + 1
  if (excess > 0 && limit?.policy === 'refuse') return { kind: 'limit-reached' }
  const oldest = live.slice(0, Math.max(excess, 0))
  for (const row of oldest) {
    endSession(state, row, { reason: 'limit', nowMs: session.createdAtMs })
  }
  state.rows.set(key, frozenCopy(session))
  return { kind: 'inserted', ended: oldest.map((row) => row.handle) }
}

function find(state: MemoryState, key: SessionKey): Session | undefined {
  const row = state.rows.get(sessionKeyText(key))
  return row === undefined ? undefined : foldCutOffs(state, row)
}

function rotate(
  state: MemoryState,
  key: SessionKey,
  rotation: Rotation,
): RotateOutcome | undefined {
  const session = find(state, key)
  if (session === undefined) return undefined
  const { expected, next, nowMs } = rotation
  const idleAtMs = Math.max(session.idleExpiresAtMs, next.curMintedAtMs + session.idleTimeoutMs)
  const advanced =
    session.curHash2 === expected &&
    session.revokedAtMs === null &&
    nowMs < session.absoluteExpiresAtMs &&
    nowMs <= idleAtMs
  if (!advanced) return { session, advanced }
  const idleExpiresAtMs = Math.min(
    nowMs + session.idleTimeoutMs,
    session.absoluteExpiresAtMs,
  ) as EpochMs
  const { generation, curHash2, curMintedAtMs, prevHash2, confirmedAtMs } = next
  const moved = { generation, curHash2, curMintedAtMs, prevHash2, confirmedAtMs }
  const rotated = Object.freeze({ ...session, ...moved, idleExpiresAtMs })
  state.rows.set(sessionKeyText(key), rotated)
  return { session: rotated, advanced }
}

function update(
  state: MemoryState,
  key: SessionKey,
  change: { readonly claims: JsonObject } | { readonly data: JsonObject },
): boolean {
  const session = find(state, key)
  if (session === undefined || session.revokedAtMs !== null) return false
  state.rows.set(sessionKeyText(key), Object.freeze({ ...session, ...frozenCopy(change) }))
  return true
}

function listByUser(state: MemoryState, user: UserScope, page: PageRequest): SessionPage {
  const limit = Math.min(page.limit, PAGE_LIMIT_MAX)
  const rest = liveSessionsOf(state, user, page.nowMs).filter((row) => isAfter(row, page.after))
  const sessions = rest.slice(0, limit)
  const last = sessions.at(-1)
  const hasMore = rest.length > sessions.length && last !== undefined
  return { sessions, next: hasMore ? `${last.createdAtMs}.${last.handle}` : null }
}

function isAfter(row: Session, after: string | null): boolean {
  const position = /^(-?\d+)\.(.+)$/.exec(after ?? '')
  if (position === null) return true
  const createdAtMs = Number(position[1])
  if (row.createdAtMs !== createdAtMs) return row.createdAtMs > createdAtMs
  return row.handle > (position[2] ?? '')
}

function deleteExpired(state: MemoryState, nowMs: EpochMs, limit: number): number {
  let deleted = 0
  for (const [key, row] of state.rows) {
    if (deleted >= limit) break
    const isOldNews = row.revokedAtMs !== null && nowMs - row.revokedAtMs > REVOKED_KEPT_MS
    if (!isOldNews && !hasExpired(row, nowMs)) continue
    state.rows.delete(key)
    deleted += 1
  }
  return deleted
}
