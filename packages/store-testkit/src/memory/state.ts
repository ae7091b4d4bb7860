import type {
  CutOffScope,
  EndReason,
  EpochMs,
  RevocationEntry,
  Session,
  SessionKey,
  StoredCutOff,
  StoredRecord,
  UserScope,
} from '@pawl/core'

/** Everything the memory store knows. Rows and entries are frozen: a change is a new object. */
export interface MemoryState {
  /** By {@link sessionKeyText}; as written, cut-offs not folded in. */
  readonly rows: Map<string, Session>
  /** By {@link scopeText}. */
  readonly cutOffs: Map<string, StoredCutOff>
  /** Oldest first; numbers rise by one and are never used again. */
  log: { readonly number: number; readonly entry: RevocationEntry }[]
  lastNumber: number
  readonly records: Map<string, StoredRecord>
}

/** An empty memory. */
export function newMemoryState(): MemoryState {
  return { rows: new Map(), cutOffs: new Map(), log: [], lastNumber: 0, records: new Map() }
}

/** A map key for a session; JSON, so that no two keys can run together. */
export function sessionKeyText(key: SessionKey): string {
  return JSON.stringify([key.app, key.tenant, key.handle])
}

/** A map key for a cut-off's scope. */
export function scopeText(scope: CutOffScope): string {
  return JSON.stringify([scope.app, scope.tenant, scope.userId])
}

/** A copy that shares nothing with the original and cannot be changed; as JSON would keep it. */
export function frozenCopy<T>(value: T): T {
  return freeze(JSON.parse(JSON.stringify(value)))
}

/** The row as a reader sees it: its own end first, then the user's cut-off, then the tenant's. */
export function foldCutOffs(state: MemoryState, row: Session): Session {
  if (row.revokedAtMs !== null) return row
  const scopes = [row, { app: row.app, tenant: row.tenant, userId: null }]
  for (const scope of scopes) {
    const cutOff = state.cutOffs.get(scopeText(scope))
    if (cutOff !== undefined && row.createdAtMs <= cutOff.beforeMs) {
      return { ...row, revokedAtMs: cutOff.nowMs, endReason: cutOff.reason }
    }
  }
  return row
}

/** The latest cut-off that covers a row; null without one. */
export function coverOf(state: MemoryState, row: Session): EpochMs | null {
  const scopes = [row, { app: row.app, tenant: row.tenant, userId: null }]
  const times = scopes.flatMap((scope) => state.cutOffs.get(scopeText(scope))?.beforeMs ?? [])
  const latestMs = Math.max(...times) as EpochMs
  return times.length > 0 && row.createdAtMs <= latestMs ? latestMs : null
}

/** Past its absolute expiry, or idle for one idle period more than the row says. */
export function hasExpired(row: Session, nowMs: EpochMs): boolean {
  return nowMs >= row.absoluteExpiresAtMs || nowMs > row.idleExpiresAtMs + row.idleTimeoutMs
}

/** The user's live sessions, folded, oldest first by (`createdAtMs`, handle). */
export function liveSessionsOf(state: MemoryState, user: UserScope, nowMs: EpochMs): Session[] {
  return [...state.rows.values()]
    .filter((row) => row.app === user.app && row.tenant === user.tenant)
    .filter((row) => row.userId === user.userId && !hasExpired(row, nowMs))
    .map((row) => foldCutOffs(state, row))
    .filter((row) => row.revokedAtMs === null)
    .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.handle < b.handle ? -1 : 1))
}

/** Marks one live row ended and logs it. */
export function endSession(
  state: MemoryState,
  row: Session,
  end: { readonly reason: EndReason; readonly nowMs: EpochMs },
): void {
  const { app, tenant, handle, userId } = row
  const ended = { ...row, revokedAtMs: end.nowMs, endReason: end.reason }
  state.rows.set(sessionKeyText(row), Object.freeze(ended))
  const about = { app, tenant, atMs: end.nowMs, reason: end.reason }
  appendEntry(state, { kind: 'session', ...about, handle, userId })
}

/** Appends to the revocation log. */
export function appendEntry(state: MemoryState, entry: RevocationEntry): void {
  state.lastNumber += 1
  state.log.push({ number: state.lastNumber, entry: Object.freeze(entry) })
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part)
    Object.freeze(value)
  }
  return value
}
