import { PAGE_LIMIT_MAX, type RecordKey, type Store, type StoredRecord } from '@pawl/core'
import { LOG_NAME_RECORD, MOVE_RECORD } from '@pawl/embedded'
import { type MoveState, writeMove } from './move-state.ts'
import { pagesOf } from './walk-all.ts'

/** The two ends of a move. */
export interface MoveEnds {
  readonly source: Store
  readonly target: Store
}

/** Told of what was done: how much, and of how much where that is known. */
export type MoveProgress = (part: string, done: number, total: number | null) => void

/**
 * Makes the records of the target those of the source: what the source no longer has (an API key
 * that was revoked) goes. Returns how many there are.
 */
export async function copyRecords({ source, target }: MoveEnds): Promise<number> {
  const kept = new Set<string>()
  for await (const { items } of pagesOf(source.walkRecords)) {
    const records = items.filter(isMoved)
    for (const record of records) kept.add(textOf(record))
    await target.put({ records })
  }
  for await (const { items } of pagesOf(target.walkRecords)) {
    for (const record of items.filter(isMoved)) {
      if (!kept.has(textOf(record))) await target.deleteRecord(record)
    }
  }
  return kept.size
}

/** The state of a move is no part of what is moved, and each store's log has a name of its own. */
export function isMoved({ kind }: StoredRecord): boolean {
  return kind !== MOVE_RECORD.kind && kind !== LOG_NAME_RECORD.kind
}

function textOf({ kind, app, id }: RecordKey): string {
  return JSON.stringify([kind, app, id])
}

/** Copies the cut-offs. Returns how many there are. */
export async function copyCutOffs({ source, target }: MoveEnds): Promise<number> {
  let count = 0
  for await (const { items } of pagesOf(source.walkCutOffs)) {
    await target.put({ cutOffs: items })
    count += items.length
  }
  return count
}

/** Copies the sessions from where the state says, and says in the target how far it has come. */
export async function copySessions(
  { source, target }: MoveEnds,
  start: MoveState,
  onProgress: MoveProgress,
): Promise<MoveState> {
  let state = start
  for await (const { items, next } of pagesOf(source.walkSessions, start.sessionsAfter)) {
    await target.put({ sessions: items })
    const sessionsCopied = state.sessionsCopied + items.length
    state = { ...state, sessionsAfter: next, sessionsCopied }
    // Only now: what the state says was copied has been acknowledged.
    await writeMove(target, state)
    onProgress('sessions copied', sessionsCopied, Math.max(state.sessionsTotal, sessionsCopied))
  }
  return state
}

/** Appends what the source's revocation log has gained to the target's. */
export async function copyLog(
  { source, target }: MoveEnds,
  after: string | null,
): Promise<{ readonly logAfter: string; readonly count: number }> {
  let position = after
  let count = 0
  for (;;) {
    const page = await source.revocationsAfter(position, PAGE_LIMIT_MAX)
    if (page.entries.length > 0) await target.put({ revocations: page.entries })
    count += page.entries.length
    position = page.cursor
    if (page.entries.length < PAGE_LIMIT_MAX) return { logAfter: position, count }
  }
}
