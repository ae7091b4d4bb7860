import {
  type CutOff,
  type CutOffScope,
  type EpochMs,
  PAGE_LIMIT_MAX,
  type Revocation,
  type RevocationPage,
  type SessionHandle,
  type SessionKey,
  type UserScope,
} from '@pawl/core'
import {
  appendEntry,
  endSession,
  foldCutOffs,
  liveSessionsOf,
  type MemoryState,
  scopeText,
  sessionKeyText,
} from './state.ts'

/** The methods of the port that end sessions, and the log of it. */
export function memoryRevocations(state: MemoryState) {
  return {
    revoke: (key: SessionKey, revocation: Revocation) => revoke(state, key, revocation),
    revokeByUser: (user: UserScope, revocation: RevocationOfUser) =>
      revokeByUser(state, user, revocation),
    revokeBefore: (scope: CutOffScope, cutOff: CutOff) => revokeBefore(state, scope, cutOff),
    revocationsAfter: (cursor: string | null, limit: number) =>
      revocationsAfter(state, cursor, limit),
    revocationsEnd: () => String(state.lastNumber),
    trimRevocations: (beforeMs: EpochMs, limit: number) => trim(state, beforeMs, limit),
  }
}

type RevocationOfUser = Revocation & { readonly except: SessionHandle | null }

function revoke(state: MemoryState, key: SessionKey, revocation: Revocation): boolean {
  const row = state.rows.get(sessionKeyText(key))
  if (row === undefined || foldCutOffs(state, row).revokedAtMs !== null) return false
  if (revocation.judged !== undefined && revocation.judged !== row.curHash2) return false
  endSession(state, row, revocation)
  return true
}

function revokeByUser(
  state: MemoryState,
  user: UserScope,
  revocation: RevocationOfUser,
): readonly SessionHandle[] {
  const { except, reason, nowMs } = revocation
  const doomed = liveSessionsOf(state, user, nowMs).filter((row) => row.handle !== except)
  for (const row of doomed) endSession(state, row, revocation)
  if (except === null) revokeBefore(state, user, { beforeMs: nowMs, reason, nowMs })
  return doomed.map((row) => row.handle)
}

function revokeBefore(state: MemoryState, scope: CutOffScope, cutOff: CutOff): void {
  const { beforeMs, reason, nowMs } = cutOff
  const { app, tenant, userId } = scope
  const known = state.cutOffs.get(scopeText(scope))
  if (known === undefined || beforeMs > known.beforeMs) {
    state.cutOffs.set(scopeText(scope), { app, tenant, userId, beforeMs, reason, nowMs })
  }
  appendEntry(state, { kind: 'cut-off', app, tenant, userId, beforeMs, reason, atMs: nowMs })
}

function revocationsAfter(
  state: MemoryState,
  cursor: string | null,
  limit: number,
): RevocationPage {
  const start = /^\d{1,15}$/.test(cursor ?? '') ? Number(cursor) : 0
  const after = start > state.lastNumber ? 0 : start
  const page = state.log
    .filter(({ number }) => number > after)
    .slice(0, Math.min(limit, PAGE_LIMIT_MAX))
  const last = page.at(-1)
  return { entries: page.map(({ entry }) => entry), cursor: String(last?.number ?? after) }
}

function trim(state: MemoryState, beforeMs: EpochMs, limit: number): number {
  const doomed = state.log.filter(({ entry }) => entry.atMs < beforeMs).slice(0, limit)
  const numbers = new Set(doomed.map(({ number }) => number))
  state.log = state.log.filter(({ number }) => !numbers.has(number))
  return doomed.length
}
