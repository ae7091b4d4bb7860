import type { EpochMs, InsertOutcome, SessionHandle, SessionLimit, UserScope } from '@pawl/core'
import type { Database } from './database.ts'
import { endRow, findLiveRows } from './live-rows.ts'
import { keptColumns, type SqlRow } from './rows.ts'
import * as sql from './sql.ts'

/** A new row, and the limit it has to keep. */
export interface InsertInput {
  /** The values of `insertSession`. */
  readonly row: SqlRow
  readonly key: SqlRow
  /** The values of `selectCover`. */
  readonly covering: SqlRow
  readonly limited: LimitedInsert | null
}

/** A new row of a user who may have only so many. */
export interface LimitedInsert {
  readonly user: UserScope
  readonly nowMs: number
  readonly limit: SessionLimit
}

/** Adds a row, counting the user's live rows in the same transaction where there is a limit. */
export function insertRow(
  db: Database,
  { row, key, covering, limited }: InsertInput,
): InsertOutcome {
  const ended: SessionHandle[] = []
  const [[beforeMs = null] = []] = db.statement(sql.selectCover).all(...covering)
  if (limited !== null || beforeMs !== null) {
    if (db.statement(sql.selectKey).all(...key).length > 0) return { kind: 'duplicate' }
  }
  if (beforeMs !== null) return { kind: 'covered', beforeMs: beforeMs as EpochMs }
  if (limited !== null) {
    const { user, limit, nowMs } = limited
    const live = findLiveRows(db, user, nowMs)
    const excess = live.length - limit.max + 1
    if (excess > 0 && limit.policy === 'refuse') return { kind: 'limit-reached' }
    for (const doomed of live.slice(0, Math.max(excess, 0))) {
      endRow(db, doomed, { reason: 'limit', nowMs })
      ended.push(doomed.handle)
    }
  }
  const added = db.statement(sql.insertSession).run(...row)
  return added === 0 ? { kind: 'duplicate' } : { kind: 'inserted', ended }
}

/** What a rotation left as it was, or the row that stood in its way; null without a row. */
export type RotateOutput = { readonly kept: SqlRow } | { readonly found: SqlRow } | null

/** The conditional write, and the look at the row in the same transaction. */
export function rotateRow(db: Database, values: SqlRow): RotateOutput {
  const key = values.slice(-3)
  if (db.statement(sql.rotateSession).run(...values) === 0) {
    const [found] = db.statement(sql.selectSession).all(...key)
    return found === undefined ? null : { found }
  }
  const [kept = []] = db.statement(sql.selectKept).all(...key)
  if (kept[keptColumns.length] === 1) db.statement(sql.advanceSweep).run(...key)
  return { kept }
}

/** A new value of one JSON column. */
export interface ContentInput {
  readonly column: 'claims' | 'data'
  readonly key: SqlRow
  readonly text: string
}

const updateSql = { claims: sql.updateContentOf('claims'), data: sql.updateContentOf('data') }

/** Replaces claims or data of a row that is not revoked. */
export function updateContent(db: Database, { column, key, text }: ContentInput): boolean {
  return db.statement(updateSql[column]).run(text, ...key) > 0
}

/**
 * Looks at up to `limit` rows whose time has come: deletes those that ended, moves on the others.
 */
export function deleteExpired(
  db: Database,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): { readonly looked: number; readonly gone: number } {
  const due = db.statement(sql.selectDueRows).all(nowMs, limit)
  const doomed = due.filter(([, isEnded]) => isEnded === 1)
  for (const [id = null, isEnded] of due) {
    db.statement(isEnded === 1 ? sql.deleteRow : sql.postponeSweep).run(id)
  }
  return { looked: due.length, gone: doomed.length }
}
