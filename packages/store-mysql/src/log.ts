import { randomInt } from 'node:crypto'
import { entryColumns } from './rows.ts'
import type { QuotedRow } from './values.ts'

const MARK_MAX = 2 ** 47

/** A number of a write's own: by it a packet knows its rows from those that others changed. */
export function newMark(): number {
  return randomInt(1, MARK_MAX)
}

/**
 * Takes the next numbers of the log. Whoever does waits here for the commit of the one before, so
 * that entries become visible in the order of their numbers; it comes after every other lock of a
 * transaction. The number before is `LAST_INSERT_ID()`.
 */
function takeNumbers(count: string): string {
  return `UPDATE pawl_log_end SET number = LAST_INSERT_ID(number) + ${count}
    WHERE id = 1 AND ${count} > 0`
}

const insertEntries = `INSERT INTO pawl_revocations (number, tag, ${entryColumns})`

/** Statements that log the rows of a condition on `s` which the write of that mark has ended. */
export function logMarked(condition: string, mark: number): readonly string[] {
  const marked = `FROM pawl_sessions s WHERE ${condition} AND s.mark = ${mark}`
  return [
    takeNumbers(`(SELECT COUNT(*) ${marked})`),
    `${insertEntries} SELECT LAST_INSERT_ID() + ROW_NUMBER() OVER (ORDER BY s.created_ms, s.handle),
      ${mark}, s.app, s.tenant, s.user_id, s.handle, NULL, s.revoked_ms, s.end_reason ${marked}`,
  ]
}

/** Statements that append entries in their order. */
export function logEntries(entries: readonly QuotedRow[], mark: number): readonly string[] {
  const rows = entries.map((values, index) => {
    return `(LAST_INSERT_ID() + ${index + 1}, ${mark}, ${values.join(', ')})`
  })
  return [takeNumbers(String(entries.length)), `${insertEntries} VALUES ${rows.join(', ')}`]
}
