import {
  type CutOffSweep,
  type CutOffsSwept,
  PAGE_LIMIT_MAX,
  type Session,
  type StoreContent,
  type StoredCutOff,
  type WalkPage,
} from '@pawl/core'
import { recordKeyText } from './records.ts'
import { appendEntry, frozenCopy, type MemoryState, scopeText, sessionKeyText } from './state.ts'

/** The methods of the port that a move needs, and the sweep of cut-offs. */
export function memoryContent(state: MemoryState) {
  return {
    walkSessions: (after: string | null, limit: number) => walk(state.rows, after, limit),
    walkCutOffs: (after: string | null, limit: number) => walk(state.cutOffs, after, limit),
    walkRecords: (after: string | null, limit: number) => walk(state.records, after, limit),
    put: (content: StoreContent) => put(state, content),
    sweepCutOffs: (request: CutOffSweep) => sweepCutOffs(state, request),
  }
}

/** By key, so that what comes and goes between two pages moves nothing. */
function walk<Item>(
  items: ReadonlyMap<string, Item>,
  after: string | null,
  limit: number,
): WalkPage<Item> {
  const from = after?.startsWith('[') === true ? after : ''
  const keys = [...items.keys()].filter((key) => key > from).sort()
  const page = keys.slice(0, Math.min(limit, PAGE_LIMIT_MAX))
  const last = page.at(-1)
  const next = last !== undefined && keys.length > page.length ? last : null
  return { items: page.map((key) => items.get(key) as Item), next }
}

function put(state: MemoryState, content: StoreContent): void {
  const { sessions = [], cutOffs = [], records = [], revocations = [] } = frozenCopy(content)
  for (const session of sessions) putSession(state, session)
  for (const cutOff of cutOffs) {
    const known = state.cutOffs.get(scopeText(cutOff))
    if (known === undefined || cutOff.beforeMs > known.beforeMs) {
      state.cutOffs.set(scopeText(cutOff), cutOff)
    }
  }
  for (const record of records) state.records.set(recordKeyText(record), record)
  for (const entry of revocations) appendEntry(state, entry)
}

function putSession(state: MemoryState, session: Session): void {
  const known = state.rows.get(sessionKeyText(session))
  if (known !== undefined && known.revokedAtMs !== null) return
  const isFinal = session.revokedAtMs !== null
  if (known !== undefined && !isFinal && isBehind(session, known)) return
  state.rows.set(sessionKeyText(session), session)
}

function isBehind(session: Session, known: Session): boolean {
  const distance =
    session.generation - known.generation ||
    session.confirmedAtMs - known.confirmedAtMs ||
    session.idleExpiresAtMs - known.idleExpiresAtMs
  return distance < 0
}

function sweepCutOffs(state: MemoryState, request: CutOffSweep): CutOffsSwept {
  const { settledMs, after, limit } = request
  const { items, next } = walk(state.cutOffs, after, limit)
  const idle = items.filter(
    (cutOff) =>
      cutOff.userId !== null &&
      cutOff.beforeMs < settledMs &&
      cutOff.nowMs < settledMs &&
      !coversSomething(state, cutOff),
  )
  for (const cutOff of idle) state.cutOffs.delete(scopeText(cutOff))
  return { deleted: idle.length, next }
}

function coversSomething(state: MemoryState, cutOff: StoredCutOff): boolean {
  return [...state.rows.values()].some(
    (row) =>
      row.app === cutOff.app &&
      row.tenant === cutOff.tenant &&
      row.userId === cutOff.userId &&
      row.createdAtMs <= cutOff.beforeMs &&
      row.revokedAtMs === null,
  )
}
