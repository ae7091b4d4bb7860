import { REVOKED_KEPT_MS } from '@pawl/core'
import { entryColumns, sessionColumns } from '@pawl/store-kit'
import { cutOffColumns, keptColumns, recordColumns } from './rows.ts'

/**
 * Every statement, in one place, beside the columns of `rows.ts`. Each is prepared once and held.
 * A row is written `s` where the cut-offs that cover it are joined: `u` of its user, `t` of its
 * tenant.
 */

const joinCutOffs = `
  LEFT JOIN cut_offs u ON u.app = s.app AND u.tenant = s.tenant AND u.user_id = s.user_id
    AND u.before_ms >= s.created_ms
  LEFT JOIN cut_offs t ON t.app = s.app AND t.tenant = s.tenant AND t.user_id = ''
    AND t.before_ms >= s.created_ms`

const foldedColumns = sessionColumns.map((column) => {
  if (column === 'revoked_ms') return 'coalesce(s.revoked_ms, u.at_ms, t.at_ms)'
  if (column !== 'end_reason') return `s.${column}`
  return 'CASE WHEN s.revoked_ms IS NULL THEN coalesce(u.reason, t.reason) ELSE s.end_reason END'
})

/** The rows of a user that are live at `?4`, cut-offs considered. */
const liveRowsOfUser = `
  FROM sessions s ${joinCutOffs}
  WHERE s.app = ?1 AND s.tenant = ?2 AND s.user_id = ?3
    AND s.revoked_ms IS NULL AND u.at_ms IS NULL AND t.at_ms IS NULL
    AND ?4 < s.absolute_expires_ms AND ?4 <= s.idle_expires_ms + s.idle_timeout_ms`

/** A row of `sessions` that nothing has revoked. */
const isNotRevoked = `revoked_ms IS NULL AND NOT EXISTS (
    SELECT 1 FROM cut_offs c WHERE c.app = sessions.app AND c.tenant = sessions.tenant
      AND c.user_id IN (sessions.user_id, '') AND c.before_ms >= sessions.created_ms)`

/** A row that may be deleted at `?1`. */
const isSweepable = `(?1 >= absolute_expires_ms OR ?1 > idle_expires_ms + idle_timeout_ms
    OR ?1 - revoked_ms > ${REVOKED_KEPT_MS})`

/** When a row is next worth a look by the sweeper. */
const nextSweep = `min(absolute_expires_ms, idle_expires_ms + idle_timeout_ms + 1,
    coalesce(revoked_ms + ${REVOKED_KEPT_MS} + 1, absolute_expires_ms))`

/** Rows of `sessionColumns`, folded. Values: app, tenant, handle. */
export const selectSession = `
  SELECT ${foldedColumns} FROM sessions s ${joinCutOffs}
  WHERE s.app = ? AND s.tenant = ? AND s.handle = ?`

/** Live rows of a user after a position. Values: app, tenant, user, now, created, handle, limit. */
export const selectUserPage = `
  SELECT ${foldedColumns} ${liveRowsOfUser} AND (s.created_ms, s.handle) > (?5, ?6)
  ORDER BY s.created_ms, s.handle LIMIT ?7`

/** Id and handle of a user's live rows, oldest first. Values: app, tenant, user, now. */
export const selectLiveIds = `
  SELECT s.id, s.handle ${liveRowsOfUser} ORDER BY s.created_ms, s.handle`

/** Values: app, tenant, handle. */
export const selectKey = 'SELECT 1 FROM sessions WHERE app = ? AND tenant = ? AND handle = ?'

/** The latest cut-off that covers a new row, or null. Values: app, tenant, user, created. */
export const selectCover = `
  SELECT max(before_ms) FROM cut_offs
  WHERE app = ?1 AND tenant = ?2 AND user_id IN (?3, '') AND before_ms >= ?4`

/** Changes nothing if the key is taken. Values: those of `sessionColumns`, then the sweep time. */
export const insertSession = `
  INSERT INTO sessions (${sessionColumns}, sweep_ms)
  VALUES (${sessionColumns.map(() => '?')}, ?)
  ON CONFLICT (app, tenant, handle) DO NOTHING`

/** The one conditional write. Values: those of `rotationToRow`, then app, tenant, handle. */
export const rotateSession = `
  UPDATE sessions SET generation = ?1, cur_hash = ?2, cur_minted_ms = ?3, prev_hash = ?4,
    confirmed_ms = ?5, idle_expires_ms = min(?6 + idle_timeout_ms, absolute_expires_ms)
  WHERE app = ?8 AND tenant = ?9 AND handle = ?10 AND cur_hash = ?7
    AND ?6 < absolute_expires_ms AND ?6 <= max(idle_expires_ms, ?3 + idle_timeout_ms)
    AND ${isNotRevoked}`

/**
 * What a rotation left as it was, and whether the row now ends sooner than it was to be looked at
 * by the sweeper. Read after the write, it costs a third of a RETURNING. Values: app, tenant,
 * handle.
 */
export const selectKept = `
  SELECT ${keptColumns}, sweep_ms > idle_expires_ms + idle_timeout_ms + 1 FROM sessions
  WHERE app = ? AND tenant = ? AND handle = ?`

/** For a clock that stepped back: the row ends sooner than it was to be looked at. Values: key. */
export const advanceSweep = `
  UPDATE sessions SET sweep_ms = ${nextSweep} WHERE app = ? AND tenant = ? AND handle = ?`

/** Replaces one JSON column. Values: text, app, tenant, handle. */
export const updateContentOf = (column: 'claims' | 'data') => `
  UPDATE sessions SET ${column} = ?
  WHERE app = ? AND tenant = ? AND handle = ? AND ${isNotRevoked}`

/**
 * Ends a row unless it has moved from the judged hash. Values: key, now, reason, judged or null.
 */
export const revokeSessionRow = `
  UPDATE sessions SET revoked_ms = ?4, end_reason = ?5,
    sweep_ms = min(sweep_ms, ?4 + ${REVOKED_KEPT_MS} + 1)
  WHERE app = ?1 AND tenant = ?2 AND handle = ?3 AND (?6 IS NULL OR cur_hash = ?6)
    AND ${isNotRevoked}
  RETURNING user_id`

/** Ends a row that was found live in the same transaction. Values: id, now, reason. */
export const revokeRowById = `
  UPDATE sessions SET revoked_ms = ?2, end_reason = ?3,
    sweep_ms = min(sweep_ms, ?2 + ${REVOKED_KEPT_MS} + 1)
  WHERE id = ?1`

/** Raises a cut-off. Values: app, tenant, user or '', before, at, reason. */
export const raiseCutOff = `
  INSERT INTO cut_offs (app, tenant, user_id, before_ms, at_ms, reason) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (app, tenant, user_id) DO UPDATE SET
    before_ms = excluded.before_ms, at_ms = excluded.at_ms, reason = excluded.reason
  WHERE excluded.before_ms > cut_offs.before_ms`

/** Values: app, tenant, user, handle, before, at, reason. */
export const appendRevocation = `
  INSERT INTO revocations (app, tenant, user_id, handle, before_ms, at_ms, reason)
  VALUES (?, ?, ?, ?, ?, ?, ?)`

/** Rows of the number and `entryColumns`. Values: the number after which, limit. */
export const selectRevocations = `
  SELECT number, ${entryColumns} FROM revocations WHERE number > ? ORDER BY number LIMIT ?`

/** The number of the last entry there ever was; no row before the first. */
export const selectLastNumber = `SELECT seq FROM sqlite_sequence WHERE name = 'revocations'`

/** Values: the time before which, limit. */
export const deleteRevocations = `
  DELETE FROM revocations WHERE number IN (
    SELECT number FROM revocations WHERE at_ms < ? ORDER BY at_ms LIMIT ?)`

/** Ids of rows whose time has come for a look, and whether they may go. Values: now, limit. */
export const selectDueRows = `
  SELECT id, coalesce(${isSweepable}, 0) FROM sessions
  WHERE sweep_ms <= ?1 ORDER BY sweep_ms LIMIT ?2`

/** Values: id. */
export const deleteRow = 'DELETE FROM sessions WHERE id = ?'

/** Values: id. */
export const postponeSweep = `UPDATE sessions SET sweep_ms = ${nextSweep} WHERE id = ?`

/** Rows of `recordColumns`. Values: kind, app, id. */
export const selectRecord = `
  SELECT ${recordColumns} FROM records WHERE kind = ? AND app = ? AND id = ?`

/** Rows of `recordColumns`. Values: kind, app, limit. */
export const selectRecords = `
  SELECT ${recordColumns} FROM records WHERE kind = ? AND app = ? ORDER BY id LIMIT ?`

/** Changes nothing if the key is taken. Values: kind, app, id, value. */
export const insertRecordRow = `
  INSERT INTO records (kind, app, id, version, value) VALUES (?, ?, ?, 1, ?)
  ON CONFLICT (kind, app, id) DO NOTHING`

/** Values: value, kind, app, id, the version expected. */
export const replaceRecordRow = `
  UPDATE records SET version = version + 1, value = ?
  WHERE kind = ? AND app = ? AND id = ? AND version = ?`

/** Values: kind, app, id. */
export const deleteRecordRow = 'DELETE FROM records WHERE kind = ? AND app = ? AND id = ?'

/** Rows as they were written: id, then `sessionColumns`. Values: the id after which, limit. */
export const selectAllSessions = `
  SELECT id, ${sessionColumns} FROM sessions WHERE id > ? ORDER BY id LIMIT ?`

/** Rows of `cutOffColumns`. Values: app, tenant, user or '' after which, limit. */
export const selectAllCutOffs = `
  SELECT ${cutOffColumns} FROM cut_offs WHERE (app, tenant, user_id) > (?, ?, ?)
  ORDER BY app, tenant, user_id LIMIT ?`

/** Rows of `recordColumns`. Values: kind, app, id after which, limit. */
export const selectAllRecords = `
  SELECT ${recordColumns} FROM records WHERE (kind, app, id) > (?, ?, ?)
  ORDER BY kind, app, id LIMIT ?`

const changeable = sessionColumns.filter((name) => !['app', 'tenant', 'handle'].includes(name))
const excluded = changeable.map((name) => `excluded.${name}`)

/**
 * Adds a row, or replaces one that is not revoked by one that is, or that is not behind it and
 * differs. Values: those of `insertSession`.
 */
export const putSession = `
  INSERT INTO sessions (${sessionColumns}, sweep_ms)
  VALUES (${sessionColumns.map(() => '?')}, ?)
  ON CONFLICT (app, tenant, handle) DO UPDATE
  SET (${changeable}, sweep_ms) = (${excluded}, excluded.sweep_ms)
  WHERE sessions.revoked_ms IS NULL AND (excluded.revoked_ms IS NOT NULL
      OR (excluded.generation, excluded.confirmed_ms, excluded.idle_expires_ms)
        >= (sessions.generation, sessions.confirmed_ms, sessions.idle_expires_ms))
    AND (${changeable}) IS NOT (${excluded})`

/** Values: those of `recordColumns`. */
export const putRecord = `
  INSERT INTO records (${recordColumns}) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (kind, app, id) DO UPDATE SET version = excluded.version, value = excluded.value`

/**
 * Deletes a user's cut-off of settled times that covers no row which is not revoked itself. Values:
 * app, tenant, user, the time before which.
 */
export const deleteCutOff = `
  DELETE FROM cut_offs WHERE app = ?1 AND tenant = ?2 AND user_id = ?3 AND user_id <> ''
    AND before_ms < ?4 AND at_ms < ?4 AND NOT EXISTS (
      SELECT 1 FROM sessions s WHERE s.app = cut_offs.app AND s.tenant = cut_offs.tenant
        AND s.user_id = cut_offs.user_id AND s.created_ms <= cut_offs.before_ms
        AND s.revoked_ms IS NULL)`
