import {
  type EpochMs,
  type InsertOutcome,
  type Session,
  type SessionHandle,
  type SessionLimit,
  StoreError,
} from '@pawl/core'
import { atomically, type Database, type SqlResult } from './database.ts'
import { logMarked, newMark } from './log.ts'
import {
  insertColumns,
  isLive,
  joinCutOffs,
  ofKey,
  ofUser,
  sessionToRow,
  setRevoked,
} from './rows.ts'
import { type QuotedRow, quote, textOf } from './values.ts'

const insertInto = `INSERT INTO pawl_sessions (${insertColumns.join(', ')})`
const [APP, TENANT, HANDLE, USER, CREATED] = (
  ['app', 'tenant', 'handle', 'user_id', 'created_ms'] as const
).map((name) => insertColumns.indexOf(name)) as [number, number, number, number, number]

/** The cut-offs that cover a new row. */
function coveringOf(row: QuotedRow): string {
  return `pawl_cut_offs k WHERE k.user_id IN (${row[USER]}, _binary'') AND k.app = ${row[APP]}
    AND k.tenant = ${row[TENANT]} AND k.before_ms >= ${row[CREATED]}`
}

/** It adds no row that a cut-off covers. */
function insertText(row: QuotedRow): string {
  return `${insertInto} SELECT ${row.join(', ')} FROM DUAL
    WHERE NOT EXISTS (SELECT 1 FROM ${coveringOf(row)})`
}

/** Log-ins without a limit: whether each was added. A lone one commits by itself. */
export async function insertUncovered(
  db: Database,
  rows: readonly QuotedRow[],
): Promise<readonly boolean[]> {
  const inserts = rows.map(insertText)
  const isAlone = inserts.length === 1
  const results = await db.run('once', ...(isAlone ? inserts : atomically(...inserts)))
  return (isAlone ? results : results.slice(1, -1)).map(({ matched }) => matched === 1)
}

/** What {@link insertUncovered} found in its way: a cut-off, or the row itself. */
export async function whyNotInserted(db: Database, row: QuotedRow): Promise<InsertOutcome> {
  const [result] = await db.run(
    'none',
    `SELECT (SELECT MAX(k.before_ms) FROM ${coveringOf(row)}), EXISTS (
      SELECT 1 FROM pawl_sessions s WHERE s.handle = ${row[HANDLE]} AND s.app = ${row[APP]}
        AND s.tenant = ${row[TENANT]})`,
  )
  const [reachMs, isThere] = result?.rows[0] ?? []
  if (isThere === 1) return { kind: 'duplicate' }
  if (typeof reachMs === 'number') return { kind: 'covered', beforeMs: reachMs as EpochMs }
  throw new StoreError('conflict', 'a cut-off went while a session was added under it')
}

/** A log-in of a user who may have only so many sessions. */
export async function insertWithin(
  db: Database,
  session: Session,
  limit: SessionLimit,
): Promise<InsertOutcome> {
  return readOutcome(await db.run('once', ...limitedText(session, limit)), limit)
}

/**
 * A log-in that may have to make room first, as one packet. The turn comes first: what is counted
 * under it stays counted. Rows are locked before they are counted, for a lock taken while they are
 * read, and raised then, is a deadlock. The live rows and the last result tell the outcome.
 */
function limitedText(session: Session, { max, policy }: SessionLimit): readonly string[] {
  const mark = newMark()
  const row = sessionToRow(session)
  const user = ofUser(session)
  const turn = [session.app, session.tenant, session.userId].map(quote).join(", '\\n', ")
  const live = `FROM pawl_sessions s ${joinCutOffs}
    WHERE ${user} AND ${isLive(session.createdAtMs)}`
  const endsOldest = policy === 'end-oldest'
  const end = `UPDATE (SELECT handle FROM (
      SELECT s.handle, ROW_NUMBER() OVER (ORDER BY s.created_ms, s.handle) AS place ${live}) r
      WHERE place <= @pawl_excess AND @pawl_known = 0 AND @pawl_reach IS NULL) d
    STRAIGHT_JOIN pawl_sessions s ON s.handle = d.handle AND ${user}
    SET ${setRevoked(session.createdAtMs, 'limit', mark)}`
  return atomically(
    `SELECT turn FROM pawl_turns WHERE turn = CRC32(CONCAT(${turn})) % 256 FOR UPDATE`,
    `SELECT handle FROM pawl_sessions s WHERE ${user} AND s.revoked_ms IS NULL
      ORDER BY s.created_ms, s.handle ${endsOldest ? 'FOR UPDATE' : ''}`,
    `SELECT COUNT(*) INTO @pawl_known FROM pawl_sessions s WHERE ${ofKey(session)}`,
    `SELECT MAX(k.before_ms) INTO @pawl_reach FROM ${coveringOf(row)}`,
    `SELECT COUNT(*) - ${quote(max)} + 1 INTO @pawl_excess ${live}`,
    `SELECT s.handle ${live} ORDER BY s.created_ms, s.handle`,
    ...(endsOldest ? [end, ...logMarked(user, mark)] : []),
    `${insertInto} SELECT ${row.join(', ')} FROM DUAL WHERE @pawl_known = 0
      AND @pawl_reach IS NULL AND ${endsOldest ? 'TRUE' : '@pawl_excess <= 0'}`,
    'SELECT @pawl_known, @pawl_excess, @pawl_reach',
  )
}

/** Where the live rows and the outcome stand among the results of {@link limitedText}. */
const LIVE_AT = 6
const OUTCOME_AT = -2

function readOutcome(results: readonly SqlResult[], { policy }: SessionLimit): InsertOutcome {
  const [known, excess, reachMs] = results.at(OUTCOME_AT)?.rows[0] ?? []
  if (known !== 0) return { kind: 'duplicate' }
  if (reachMs !== null) return { kind: 'covered', beforeMs: Number(reachMs) as EpochMs }
  const ending = Math.max(0, Number(excess))
  if (ending > 0 && policy === 'refuse') return { kind: 'limit-reached' }
  const live = results[LIVE_AT]?.rows ?? []
  const ended = live.slice(0, ending).map(([handle]) => textOf(handle) as SessionHandle)
  return { kind: 'inserted', ended }
}
