import type { Session, StoredCutOff, StoredRecord, WalkPage } from '@pawl/core'
import {
  cutPage,
  keyCursor,
  pageSize,
  readKeyCursor,
  readNumberCursor,
  valuesToSession,
} from '@pawl/store-kit'
import type { Database } from './database.ts'
import { rowToCutOff, rowToRecord, type SqlRow } from './rows.ts'
import * as sql from './sql.ts'

/** A page of all rows; its cursor is the id of the last one. */
export function walkSessions(db: Database, after: string | null, limit: number): WalkPage<Session> {
  const from = readNumberCursor(after)
  const page = pageOf(limit, (most) => db.statement(sql.selectAllSessions).all(from, most))
  const items = page.rows.map((row) => valuesToSession(row, 1))
  return { items, next: page.last === undefined ? null : String(page.last[0]) }
}

/** A page of all cut-offs; its cursor is the key of the last one. */
export function walkCutOffs(
  db: Database,
  after: string | null,
  limit: number,
): WalkPage<StoredCutOff> {
  const { rows, next } = cutOffPage(db, after, limit)
  return { items: rows.map(rowToCutOff), next }
}

/** The rows of a page of cut-offs. */
export function cutOffPage(db: Database, after: string | null, limit: number) {
  const from = keyIn(after)
  const page = pageOf(limit, (most) => db.statement(sql.selectAllCutOffs).all(...from, most))
  return { rows: page.rows, next: keyCursor(page.last?.slice(0, 3)) }
}

/** A page of all records; its cursor is the key of the last one. */
export function walkRecords(
  db: Database,
  after: string | null,
  limit: number,
): WalkPage<StoredRecord> {
  const from = keyIn(after)
  const page = pageOf(limit, (most) => db.statement(sql.selectAllRecords).all(...from, most))
  return { items: page.rows.map(rowToRecord), next: keyCursor(page.last?.slice(0, 3)) }
}

function pageOf(limit: number, read: (most: number) => readonly SqlRow[]) {
  const size = pageSize(limit)
  return cutPage(read(size + 1), size)
}

function keyIn(after: string | null): SqlRow {
  return readKeyCursor(after) ?? ['', '', '']
}
