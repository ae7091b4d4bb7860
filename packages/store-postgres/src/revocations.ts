import type { CutOff, CutOffScope, SessionHandle } from '@pawl/core'
import { pageSize, type RevocationMethods, readNumberCursor, valuesToEntry } from '@pawl/store-kit'
import type { Database } from './database.ts'
import { entryColumns, exactText, isLive, isNotRevoked, keyToRow, setRevoked } from './rows.ts'
import type { Statement } from './statement.ts'

/**
 * Takes the next numbers of the log for the rows of a CTE. Whoever does waits here for the commit
 * of the one before, so that entries become visible in the order of their numbers; it comes after
 * every other lock of the statement.
 */
export function numberedAfter(count: string): string {
  return `(UPDATE pawl_log_end l SET number = l.number + c.total
      FROM (SELECT ${count} AS total) c WHERE c.total > 0 RETURNING l.number - c.total AS before)`
}

const insertEntries = `INSERT INTO pawl_revocations (number, ${entryColumns})`

const revokeSession: Statement = {
  name: 'pawl_revoke',
  effect: 'once',
  text: `WITH ended AS (
      UPDATE pawl_sessions s SET ${setRevoked('$4::bigint', '$5')}
      WHERE s.app = $1 AND s.tenant = $2 AND s.handle = $3 AND ${isNotRevoked}
        AND ($6::text IS NULL OR s.cur_hash = $6) RETURNING s.user_id),
    log AS ${numberedAfter('(SELECT count(*) FROM ended)')}
    ${insertEntries}
    SELECT log.before + 1, $1, $2, ended.user_id, $3, NULL, $4, $5 FROM ended, log RETURNING 1`,
}

/** Raises a cut-off, or leaves it: the values of a row of the table stand before. */
export const raiseCutOff = `ON CONFLICT (user_id, app, tenant) DO UPDATE
      SET before_ms = excluded.before_ms, at_ms = excluded.at_ms, reason = excluded.reason
      WHERE excluded.before_ms > pawl_cut_offs.before_ms`

const revokeUser: Statement = {
  name: 'pawl_revoke_user',
  effect: 'once',
  text: `WITH doomed AS (
      SELECT s.handle FROM pawl_sessions s
      WHERE s.app = $1 AND s.tenant = $2 AND s.user_id = $3 AND ${isLive('$4::bigint')}
        AND s.handle IS DISTINCT FROM $6::text ORDER BY s.handle FOR UPDATE),
    ended AS (
      UPDATE pawl_sessions s SET ${setRevoked('$4::bigint', '$5')} FROM doomed d
      WHERE s.handle = d.handle AND s.app = $1 AND s.tenant = $2 AND s.revoked_ms IS NULL
      RETURNING s.created_ms, s.handle),
    cut AS (INSERT INTO pawl_cut_offs (app, tenant, user_id, before_ms, at_ms, reason)
      SELECT $1, $2, $3, $4, $4, $5 WHERE $6 IS NULL ${raiseCutOff} RETURNING 1),
    entries AS (
      SELECT row_number() OVER (ORDER BY created_ms, handle) AS place, handle, NULL::bigint AS cut
      FROM ended
      UNION ALL
      SELECT (SELECT count(*) FROM ended) + 1 + 0 * (SELECT count(*) FROM cut), NULL, $4
      WHERE $6 IS NULL),
    log AS ${numberedAfter('(SELECT count(*) FROM entries)')},
    logged AS (${insertEntries}
      SELECT log.before + e.place, $1, $2, $3, e.handle, e.cut, $4, $5 FROM entries e, log
      RETURNING number, handle)
    SELECT handle FROM logged WHERE handle IS NOT NULL ORDER BY number`,
}

const raiseScope: Statement = {
  name: 'pawl_revoke_before',
  effect: 'once',
  text: `WITH cut AS (INSERT INTO pawl_cut_offs (app, tenant, user_id, before_ms, at_ms, reason)
      VALUES ($1, $2, coalesce($3::text, ''), $4, $5, $6) ${raiseCutOff} RETURNING 1),
    log AS ${numberedAfter('1 + 0 * (SELECT count(*) FROM cut)')}
    ${insertEntries} SELECT log.before + 1, $1, $2, $3, NULL, $4, $5, $6 FROM log`,
}

const readLog: Statement = {
  name: 'pawl_log_after',
  effect: 'none',
  text: `SELECT coalesce(r.number, f.number), r.number IS NULL, ${entryColumns}
    FROM (SELECT CASE WHEN $1::bigint > number THEN 0 ELSE $1 END AS number FROM pawl_log_end) f
    LEFT JOIN LATERAL (SELECT * FROM pawl_revocations r WHERE r.number > f.number
      ORDER BY r.number LIMIT $2) r ON true`,
}

const readLogEnd: Statement = {
  name: 'pawl_log_end',
  effect: 'none',
  text: 'SELECT number FROM pawl_log_end',
}

const trimLog: Statement = {
  name: 'pawl_log_trim',
  effect: 'once',
  text: `WITH gone AS (DELETE FROM pawl_revocations WHERE number = ANY (ARRAY(
      SELECT number FROM pawl_revocations WHERE at_ms < $1 ORDER BY number LIMIT $2)) RETURNING 1)
    SELECT count(*) FROM gone`,
}

/** The methods of the port that end sessions, and the log of it. */
export function postgresRevocations(db: Database): RevocationMethods {
  return {
    revoke: async (key, { reason, nowMs, judged }) => {
      const rows = await db.run(revokeSession, [...keyToRow(key), nowMs, reason, judged ?? null])
      return rows.length > 0
    },
    revokeByUser: async ({ app, tenant, userId }, { reason, nowMs, except }) => {
      const user = [app, tenant, userId].map(exactText)
      const rows = await db.run(revokeUser, [...user, nowMs, reason, except])
      return rows.map(([handle]) => handle as SessionHandle)
    },
    revokeBefore: async (scope, cutOff) => {
      await db.run(raiseScope, cutOffToRow(scope, cutOff))
    },
    revocationsAfter: async (cursor, limit) => {
      const after = readNumberCursor(cursor)
      const rows = await db.run(readLog, [after, pageSize(limit)])
      const entries = rows.filter(([, isEmpty]) => !isEmpty).map((row) => valuesToEntry(row, 2))
      return { entries, cursor: String(rows.at(-1)?.[0] ?? after) }
    },
    revocationsEnd: async () => {
      const [row = []] = await db.run(readLogEnd)
      return String(row[0] ?? 0)
    },
    trimRevocations: async (beforeMs, limit) => {
      const [row = []] = await db.run(trimLog, [beforeMs, limit])
      return Number(row[0])
    },
  }
}

function cutOffToRow({ app, tenant, userId }: CutOffScope, cutOff: CutOff) {
  const { beforeMs, nowMs, reason } = cutOff
  const user = userId === null ? null : exactText(userId)
  return [exactText(app), exactText(tenant), user, beforeMs, nowMs, reason]
}
