import {
  type EpochMs,
  type InsertOutcome,
  REVOKED_KEPT_MS,
  type SessionHandle,
  type SessionLimit,
} from '@pawl/core'
import { batchRows, namesOf } from './batch-rows.ts'
import type { Database } from './database.ts'
import { ofKey, type Pair, parametersOf } from './pairs.ts'
import { insertColumns, reachOver, type SqlColumn } from './rows.ts'
import type { Statement } from './statement.ts'

const insertInto = `INSERT INTO pawl_sessions (${namesOf(insertColumns)})`

/** A row that is neither added nor covered has a key that is taken. */
function insertText(rows: string): string {
  return `WITH input AS MATERIALIZED (SELECT i.*, ${reachOver} AS reach_ms FROM ${rows}),
    added AS (${insertInto} SELECT ${namesOf(insertColumns)} FROM input WHERE reach_ms IS NULL
      ON CONFLICT DO NOTHING RETURNING app, tenant, handle)
    SELECT app, tenant, handle, NULL::bigint FROM added
    UNION ALL
    SELECT i.app, i.tenant, i.handle, i.reach_ms FROM input i
    WHERE i.reach_ms IS NOT NULL AND NOT EXISTS (SELECT FROM pawl_sessions s WHERE ${ofKey})`
}

/** The parameters of a lone request as a row `i`. */
const loneRow = `(SELECT ${insertColumns
  .map(([name], index) => `${parametersOf(insertColumns)[index]} AS ${name}`)
  .join(', ')}) i`

/** Answers what was added, with NULL, and what a cut-off covers, with how far it reaches. */
export const insertSessions: Pair = {
  one: { name: 'pawl_insert_one', effect: 'once', text: insertText(loneRow) },
  many: { name: 'pawl_insert', effect: 'once', text: insertText(batchRows(insertColumns)) },
}

const limitAt = insertColumns.length

/** Room is made only for a row that no cut-off covers: it is called with what that look gave. */
const insertLimited: Statement = {
  name: 'pawl_insert_limited',
  effect: 'once',
  text: `WITH input AS MATERIALIZED (SELECT i.*, ${reachOver} AS reach_ms FROM ${loneRow}),
    room AS MATERIALIZED (SELECT r.outcome, r.ended FROM input i,
      LATERAL pawl_make_room(i.app, i.tenant, i.user_id, i.handle, i.created_ms,
        $${limitAt + 1}, $${limitAt + 2}, ${REVOKED_KEPT_MS}) r WHERE i.reach_ms IS NULL),
    added AS (${insertInto} SELECT ${namesOf(insertColumns)} FROM input, room
      WHERE room.outcome = 'room' ON CONFLICT DO NOTHING RETURNING 1)
    SELECT CASE WHEN i.reach_ms IS NULL THEN room.outcome
        WHEN EXISTS (SELECT FROM pawl_sessions s WHERE ${ofKey}) THEN 'duplicate'
        ELSE 'covered' END,
      room.ended, (SELECT count(*) FROM added), i.reach_ms
    FROM input i LEFT JOIN room ON true`,
}

/** How far the cut-off of a row reaches: null if none covers it, undefined if it was there. */
export function outcomeOf(beforeMs: EpochMs | null | undefined): InsertOutcome {
  if (beforeMs === undefined) return { kind: 'duplicate' }
  return beforeMs === null ? { kind: 'inserted', ended: [] } : { kind: 'covered', beforeMs }
}

/** A new row of a user who may have only so many. */
export async function insertWithin(
  db: Database,
  row: SqlColumn,
  limit: SessionLimit,
): Promise<InsertOutcome> {
  const values = [...row, limit.max, limit.policy === 'end-oldest']
  const [answer = []] = await db.run(insertLimited, values)
  const [outcome, ended, added, reachMs] = answer
  if (outcome === 'limit-reached') return { kind: 'limit-reached' }
  if (outcome === 'covered') return { kind: 'covered', beforeMs: reachMs as EpochMs }
  if (outcome === 'duplicate' || added === 0) return { kind: 'duplicate' }
  return { kind: 'inserted', ended: ended as readonly SessionHandle[] }
}
