import type { WalkPage } from '@pawl/core'
import {
  type ContentMethods,
  cutPage,
  keyCursor,
  pageSize,
  readKeyCursor,
  valuesToSession,
} from '@pawl/store-kit'
import { arraysOf } from './arrays.ts'
import { batchRows, namesOf } from './batch-rows.ts'
import type { Database } from './database.ts'
import { numberedAfter, raiseCutOff } from './revocations.ts'
import {
  cutOffColumns,
  cutOffToRow,
  entryColumns,
  entryToRow,
  entryTypes,
  insertColumns,
  plainColumns,
  recordColumns,
  recordToRow,
  recordTypes,
  rowToCutOff,
  rowToRecord,
  type SqlColumn,
  type SqlRow,
  sessionToRow,
} from './rows.ts'
import type { Statement } from './statement.ts'

/** A walk in the order of a key of three words, from the one after which it goes on. */
function walkInOrderOf(key: string): string {
  return `(${key}) > ($1::text, $2::text, $3::text) ORDER BY ${key} LIMIT $4`
}

const sessionKey = 's.handle, s.app, s.tenant'
const walkSessions: Statement = {
  name: 'pawl_walk_sessions',
  effect: 'none',
  text: `SELECT ${sessionKey}, ${plainColumns} FROM pawl_sessions s
    WHERE ${walkInOrderOf(sessionKey)}`,
}

const cutOffNames = namesOf(cutOffColumns)
const cutOffKey = 'user_id, app, tenant'
const walkCutOffs: Statement = {
  name: 'pawl_walk_cut_offs',
  effect: 'none',
  text: `SELECT ${cutOffNames} FROM pawl_cut_offs WHERE ${walkInOrderOf(cutOffKey)}`,
}

const walkRecords: Statement = {
  name: 'pawl_walk_records',
  effect: 'none',
  text: `SELECT ${recordColumns} FROM pawl_records WHERE ${walkInOrderOf('kind, app, id')}`,
}

const names = insertColumns.map(([name]) => name)
const changeable = names.filter((name) => !['app', 'tenant', 'handle'].includes(name))
const listOf = (alias: string) => changeable.map((name) => `${alias}.${name}`).join(', ')
const stateOf = (alias: string) =>
  `(${alias}.generation, ${alias}.confirmed_ms, ${alias}.idle_expires_ms)`

/**
 * Adds rows, or replaces one that is not revoked by one that is, or that is not behind it and
 * differs. In the order of keys, so that no two calls wait for each other.
 */
const putSessions: Statement = {
  name: 'pawl_put_sessions',
  effect: 'repeatable',
  text: `INSERT INTO pawl_sessions AS s (${names}) SELECT ${names} FROM ${batchRows(insertColumns)}
    ORDER BY handle, app, tenant
    ON CONFLICT (handle, app, tenant) DO UPDATE SET (${changeable}) = ROW (${listOf('excluded')})
    WHERE s.revoked_ms IS NULL
      AND (excluded.revoked_ms IS NOT NULL OR ${stateOf('excluded')} >= ${stateOf('s')})
      AND (${listOf('s')}) IS DISTINCT FROM (${listOf('excluded')})`,
}

const putCutOffs: Statement = {
  name: 'pawl_put_cut_offs',
  effect: 'repeatable',
  text: `INSERT INTO pawl_cut_offs (${cutOffNames})
    SELECT ${cutOffNames} FROM ${batchRows(cutOffColumns)} ORDER BY ${cutOffKey} ${raiseCutOff}`,
}

const putRecords: Statement = {
  name: 'pawl_put_records',
  effect: 'repeatable',
  text: `INSERT INTO pawl_records (${recordColumns})
    SELECT ${recordColumns} FROM ${batchRows(recordTypes)} ORDER BY kind, app, id
    ON CONFLICT (kind, app, id) DO UPDATE
      SET version = excluded.version, value = excluded.value`,
}

const putRevocations: Statement = {
  name: 'pawl_put_revocations',
  effect: 'repeatable',
  text: `WITH entries AS MATERIALIZED (SELECT * FROM ${batchRows(entryTypes)}),
    log AS ${numberedAfter('(SELECT count(*) FROM entries)')}
    INSERT INTO pawl_revocations (number, ${entryColumns})
    SELECT log.before + n, ${entryColumns} FROM entries, log`,
}

/** Values: the key after which, how many, the time before which a cut-off is settled. */
const sweepCutOffs: Statement = {
  name: 'pawl_sweep_cut_offs',
  effect: 'once',
  text: `WITH page AS MATERIALIZED (SELECT ${cutOffKey} FROM pawl_cut_offs
      WHERE ${walkInOrderOf(cutOffKey)}),
    gone AS (DELETE FROM pawl_cut_offs c USING page p
      WHERE c.user_id = p.user_id AND c.app = p.app AND c.tenant = p.tenant AND c.user_id <> ''
        AND c.before_ms < $5 AND c.at_ms < $5 AND NOT EXISTS (
          SELECT FROM pawl_sessions s WHERE s.user_id = c.user_id AND s.app = c.app
            AND s.tenant = c.tenant AND s.created_ms <= c.before_ms AND s.revoked_ms IS NULL)
      RETURNING 1)
    SELECT ${cutOffKey}, (SELECT count(*) FROM gone), (SELECT count(*) FROM page)
    FROM page ORDER BY user_id DESC, app DESC, tenant DESC LIMIT 1`,
}

/** The methods of the port that a move needs, and the sweep of cut-offs. */
export function postgresContent(db: Database): ContentMethods {
  const walk =
    <Item>(statement: Statement, toItem: (row: SqlRow) => Item) =>
    async (after: string | null, limit: number): Promise<WalkPage<Item>> => {
      const size = pageSize(limit)
      const found = await db.run(statement, [...keyIn(after), size + 1])
      const { rows, last } = cutPage(found, size)
      return { items: rows.map(toItem), next: keyCursor(last?.slice(0, 3)) }
    }
  const put = async (statement: Statement, rows: readonly SqlColumn[]) => {
    if (rows.length > 0) await db.run(statement, arraysOf(rows))
  }
  return {
    walkSessions: walk(walkSessions, (row) => valuesToSession(row, 3)),
    walkCutOffs: walk(walkCutOffs, rowToCutOff),
    walkRecords: walk(walkRecords, rowToRecord),
    put: async ({ sessions = [], cutOffs = [], records = [], revocations = [] }) => {
      await put(putSessions, sessions.map(sessionToRow))
      await put(putCutOffs, cutOffs.map(cutOffToRow))
      await put(putRecords, records.map(recordToRow))
      await put(putRevocations, revocations.map(entryToRow))
    },
    sweepCutOffs: async ({ after, limit, settledMs }) => {
      const size = pageSize(limit)
      const [row] = await db.run(sweepCutOffs, [...keyIn(after), size, settledMs])
      if (row === undefined) return { deleted: 0, next: null }
      return {
        deleted: Number(row[3]),
        next: Number(row[4]) < size ? null : keyCursor(row.slice(0, 3)),
      }
    },
  }
}

function keyIn(after: string | null): readonly string[] {
  return readKeyCursor(after) ?? ['', '', '']
}
