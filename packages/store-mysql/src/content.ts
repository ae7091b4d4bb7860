import type { CutOffSweep, CutOffsSwept, WalkPage } from '@pawl/core'
import { type ContentMethods, cutPage, keyCursor, pageSize, readKeyCursor } from '@pawl/store-kit'
import { atomically, type Database } from './database.ts'
import { logEntries, newMark } from './log.ts'
import {
  cutOffColumns,
  cutOffKeyColumns,
  cutOffToRow,
  entryToRow,
  insertColumns,
  plainColumns,
  putOver,
  raiseCutOff,
  recordColumns,
  recordKeyColumns,
  recordToRow,
  rowToCutOff,
  rowToRecord,
  rowToSession,
  sessionKeyColumns,
  sessionToRow,
} from './rows.ts'
import { type QuotedRow, quote, type SqlRow, textOf } from './values.ts'

/** The most characters of rows that go in one packet, but for a single row that is longer. */
const PUT_CHARS_MAX = 1_000_000

/** What is walked: a table `s` in the order of its primary key. */
interface Walk<Item> {
  readonly table: string
  readonly key: readonly string[]
  readonly columns: string
  readonly itemOf: (row: SqlRow) => Item
}

const sessions = {
  table: 'pawl_sessions',
  key: sessionKeyColumns,
  columns: plainColumns,
  itemOf: (row: SqlRow) => rowToSession(row),
}
const cutOffs = {
  table: 'pawl_cut_offs',
  key: cutOffKeyColumns,
  columns: cutOffColumns,
  itemOf: rowToCutOff,
}
const records = {
  table: 'pawl_records',
  key: recordKeyColumns,
  columns: recordColumns,
  itemOf: rowToRecord,
}

/** The methods of the port that a move needs, and the sweep of cut-offs. */
export function mysqlContent(db: Database): ContentMethods {
  return {
    walkSessions: (after, limit) => walk(db, sessions, { after, limit }),
    walkCutOffs: (after, limit) => walk(db, cutOffs, { after, limit }),
    walkRecords: (after, limit) => walk(db, records, { after, limit }),
    put: async (content) => {
      const mark = newMark()
      await putRows(
        db,
        (content.sessions ?? []).map((each) => sessionToRow(each, mark)),
        {
          head: `INSERT INTO pawl_sessions (${insertColumns.join(', ')})`,
          tail: putOver(mark),
        },
      )
      await putRows(db, (content.cutOffs ?? []).map(cutOffToRow), {
        head: `INSERT INTO pawl_cut_offs (${cutOffColumns})`,
        tail: raiseCutOff,
      })
      await putRows(db, (content.records ?? []).map(recordToRow), {
        head: `INSERT INTO pawl_records (${recordColumns})`,
        tail: 'ON DUPLICATE KEY UPDATE version = VALUES(version), value = VALUES(value)',
      })
      const entries = (content.revocations ?? []).map(entryToRow)
      if (entries.length > 0) await db.run('once', ...atomically(...logEntries(entries, mark)))
    },
    sweepCutOffs: (request) => sweepCutOffs(db, request),
  }
}

interface PageOf {
  readonly after: string | null
  readonly limit: number
}

async function walk<Item>(db: Database, of: Walk<Item>, page: PageOf): Promise<WalkPage<Item>> {
  const { rows, next } = await readPage(db, of, page)
  return { items: rows.map(of.itemOf), next }
}

/** Rows of a table in the order of its key; the key of the last one if there are more. */
async function readPage(
  db: Database,
  { table, key, columns }: Omit<Walk<unknown>, 'itemOf'>,
  page: PageOf,
) {
  const size = pageSize(page.limit)
  const [found] = await db.run(
    'none',
    `SELECT ${columns}, ${key.map((name) => `s.${name}`).join(', ')}
      FROM ${table} s FORCE INDEX (PRIMARY) WHERE ${isAfter(key, page.after)}
      ORDER BY ${key.map((name) => `s.${name}`).join(', ')} LIMIT ${size + 1}`,
  )
  const { rows, last } = cutPage(found?.rows ?? [], size)
  return { rows, next: keyCursor(last?.slice(-key.length).map(textOf)) }
}

/** Condition on a row `s`: it comes after a key; true for a text that is none. */
function isAfter(key: readonly string[], after: string | null): string {
  const [a, b, c] = key.map((name) => `s.${name}`)
  const [x, y, z] = (readKeyCursor(after) ?? []).map(quote)
  if (z === undefined) return 'TRUE'
  return `${a} >= ${x} AND (${a} > ${x} OR ${b} > ${y} OR (${b} = ${y} AND ${c} > ${z}))`
}

/** Puts rows, as many in a packet as it may carry; each packet is safe to send again. */
async function putRows(
  db: Database,
  rows: readonly QuotedRow[],
  statement: { readonly head: string; readonly tail: string },
): Promise<void> {
  let batch: string[] = []
  let chars = 0
  const flush = async () => {
    if (batch.length > 0) {
      await db.run('repeatable', `${statement.head} VALUES ${batch.join(', ')} ${statement.tail}`)
    }
    batch = []
    chars = 0
  }
  for (const values of rows) {
    const row = `(${values.join(', ')})`
    if (chars + row.length > PUT_CHARS_MAX) await flush()
    batch.push(row)
    chars += row.length
  }
  await flush()
}

/** Deletes those of a page that cover nothing; each is looked at again as it is deleted. */
async function sweepCutOffs(db: Database, request: CutOffSweep): Promise<CutOffsSwept> {
  const { rows, next } = await readPage(db, cutOffs, request)
  const keys = rows.map((row) => row.slice(0, 3).map((each) => quote(textOf(each))))
  if (keys.length === 0) return { deleted: 0, next }
  const settled = quote(request.settledMs)
  const [gone] = await db.run(
    'repeatable',
    `DELETE c FROM pawl_cut_offs c FORCE INDEX (PRIMARY)
      WHERE c.user_id IN (${keys.map(([user]) => user).join(', ')})
        AND (c.user_id, c.app, c.tenant) IN (${keys.map((key) => `(${key.join(', ')})`).join(', ')})
        AND c.user_id <> _binary'' AND c.before_ms < ${settled} AND c.at_ms < ${settled}
        AND NOT EXISTS (SELECT 1 FROM pawl_sessions s WHERE s.user_id = c.user_id
          AND s.app = c.app AND s.tenant = c.tenant AND s.created_ms <= c.before_ms
          AND s.revoked_ms IS NULL)`,
  )
  return { deleted: gone?.matched ?? 0, next }
}
