import {
  PAGE_LIMIT_MAX,
  type Session,
  type StoredCutOff,
  type StoredRecord,
  type WalkPage,
} from '@pawl/core'
import type { Database } from './database.ts'
import { rowToCutOff, rowToRecord, rowToSession, type SqlRow, type SqlValue } from './rows.ts'
import * as sql from './sql.ts'

/** A page of all rows; its cursor is the id of the last one. */
export function walkSessions(db: Database, after: string | null, limit: number): WalkPage<Session> {
  const from = /^\d{1,15}$/.test(after ?? '') ? Number(after) : Number.MIN_SAFE_INTEGER
  const page = pageOf(limit, (most) => db.statement(sql.selectAllSessions).all(from, most))
  const items = page.rows.map((row) => rowToSession(row.slice(1)))
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
  return { rows: page.rows, next: cursorAt(page.last) }
}

/** A page of all records; its cursor is the key of the last one. */
export function walkRecords(
  db: Database,
  after: string | null,
  limit: number,
): WalkPage<StoredRecord> {
  const from = keyIn(after)
  const page = pageOf(limit, (most) => db.statement(sql.selectAllRecords).all(...from, most))
  return { items: page.rows.map(rowToRecord), next: cursorAt(page.last) }
}

/** The rows of a page, and the last of them if others follow. */
function pageOf(limit: number, read: (most: number) => readonly SqlRow[]) {
  const size = Math.min(limit, PAGE_LIMIT_MAX)
  const found = read(size + 1)
  const rows = found.slice(0, size)
  return { rows, last: found.length > size ? rows.at(-1) : undefined }
}

/** The three words of a key as a cursor, and back. */
function cursorAt(row: SqlRow | undefined): string | null {
  return row === undefined ? null : JSON.stringify(row.slice(0, 3))
}

function keyIn(after: string | null): readonly SqlValue[] {
  try {
    const key: unknown = JSON.parse(after ?? '')
    const isKey = Array.isArray(key) && key.length === 3
    if (isKey && key.every((word) => typeof word === 'string')) return key
  } catch {
    // None of ours: from the start.
  }
  return ['', '', '']
}
