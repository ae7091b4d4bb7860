import {
  REVOKED_KEPT_MS,
  type RevocationEntry,
  type Rotation,
  type Session,
  type SessionKey,
  type StoredCutOff,
  type StoredRecord,
} from '@pawl/core'
import * as kit from '@pawl/store-kit'

/** What PostgreSQL gives here: `bigint` is read as a number, for none is above 2^53. */
export type SqlValue = string | number | boolean | null | readonly string[]
/** One row, in the order of its column list. */
export type SqlRow = readonly SqlValue[]
/** One value per row of a batch. */
export type SqlColumn = readonly (string | number | null)[]

/** Names and types of the values that a row is given with. */
export type SqlColumns = readonly (readonly [name: string, type: 'text' | 'bigint'])[]

const wholeNumbers = ['generation', 'access_ttl_seconds', 'version']

/** Columns with their types: a time or a count is a number, and all else is text. */
function typed(...names: readonly string[]): SqlColumns {
  const isNumber = (name: string) => name.endsWith('_ms') || wholeNumbers.includes(name)
  return names.map((name) => [name, isNumber(name) ? 'bigint' : 'text'])
}

/** Columns of a new row: a session's, and when the sweeper is to look at it first. */
export const insertColumns = typed(...kit.sessionColumns, 'sweep_ms')

/** Columns of `valuesToSession`, of a row `s` of `pawl_sessions` that nothing has ended. */
export const plainColumns = kit.sessionColumns.map((name) => `s.${name}`).join(', ')

/** The cut-off `k` that covers a row `s`, if any does: its user's before its tenant's. */
export const joinCutOff = `LEFT JOIN LATERAL (SELECT c.at_ms, c.reason FROM pawl_cut_offs c
      WHERE c.user_id IN (s.user_id, '') AND c.app = s.app AND c.tenant = s.tenant
        AND c.before_ms >= s.created_ms ORDER BY c.user_id DESC LIMIT 1) k ON true`

/** How far the cut-offs reach that cover a new row `i` of {@link insertColumns}; or NULL. */
export const reachOver = `(SELECT max(c.before_ms) FROM pawl_cut_offs c
      WHERE c.user_id IN (i.user_id, '') AND c.app = i.app AND c.tenant = i.tenant
        AND c.before_ms >= i.created_ms)`

/** Columns of `valuesToSession` of any row `s`, with {@link joinCutOff} folded in. */
export const foldedColumns = kit.sessionColumns
  .map((name) => {
    if (name === 'revoked_ms') return 'coalesce(s.revoked_ms, k.at_ms)'
    if (name !== 'end_reason') return `s.${name}`
    return 'CASE WHEN s.revoked_ms IS NULL THEN k.reason ELSE s.end_reason END'
  })
  .join(', ')

/** Condition on a row `s`: neither revoked itself nor covered by a cut-off. */
export const isNotRevoked = `s.revoked_ms IS NULL AND NOT EXISTS (
    SELECT FROM pawl_cut_offs c WHERE c.user_id IN (s.user_id, '') AND c.app = s.app
      AND c.tenant = s.tenant AND c.before_ms >= s.created_ms)`

/** Condition on a row `s`: live at a moment, as the port defines it. */
export function isLive(nowMs: string): string {
  return `${isNotRevoked} AND ${nowMs} < s.absolute_expires_ms
    AND ${nowMs} <= s.idle_expires_ms + s.idle_timeout_ms`
}

/** How a statement writes one of the columns of {@link rotationColumns}. */
export type RotationValue = (column: string) => string

/** The conditions of the one write on a row `s`, cut-offs aside. */
export function mayRotate(of: RotationValue): string {
  return `s.cur_hash = ${of('expected')} AND ${of('now_ms')} < s.absolute_expires_ms
    AND ${of('now_ms')} <= greatest(s.idle_expires_ms, ${of('cur_minted_ms')} + s.idle_timeout_ms)
    AND s.revoked_ms IS NULL`
}

/** What a rotation sets in a row `s`. The sweep moves only where the row now ends sooner. */
export function setRotation(of: RotationValue): string {
  return `generation = ${of('generation')}, cur_hash = ${of('cur_hash')},
    cur_minted_ms = ${of('cur_minted_ms')}, prev_hash = ${of('prev_hash')},
    confirmed_ms = ${of('confirmed_ms')},
    idle_expires_ms = least(${of('now_ms')} + s.idle_timeout_ms, s.absolute_expires_ms),
    sweep_ms = least(s.sweep_ms, ${of('now_ms')} + 2 * s.idle_timeout_ms + 1)`
}

/** The values of {@link rotationToRow} and their types. */
export const rotationColumns = typed(...kit.rotationColumns)

/** The values of {@link keyToRow} and their types. */
export const keyColumns = typed('app', 'tenant', 'handle')

/** A rotation of a session. */
export function rotationToRow(key: SessionKey, rotation: Rotation): SqlColumn {
  return kit.rotationToValues(key, rotation, exactText)
}

/** What names a row. */
export function keyToRow({ app, tenant, handle }: SessionKey): readonly string[] {
  return [exactText(app), exactText(tenant), exactText(handle)]
}

/** A session as the values of {@link insertColumns}. */
export function sessionToRow(session: Session): SqlColumn {
  const row = kit.sessionToValues(session, exactText)
  row.push(kit.firstSweepMs(session))
  return row
}

/** Condition on a row `s`: it may be deleted at `$1`. */
export const mayGo = `(s.absolute_expires_ms <= $1
    OR s.idle_expires_ms + s.idle_timeout_ms < $1
    OR s.revoked_ms < $1 - ${REVOKED_KEPT_MS})`

/** When the sweeper has to look at a row `s` again that may not go yet. */
export const nextSweep = `least(s.absolute_expires_ms, s.idle_expires_ms + s.idle_timeout_ms + 1,
    s.revoked_ms + ${REVOKED_KEPT_MS + 1})`

/** What a revocation at `nowMs` for a reason sets in a row `s`. */
export function setRevoked(nowMs: string, reason: string): string {
  return `revoked_ms = ${nowMs}, end_reason = ${reason},
    sweep_ms = least(s.sweep_ms, ${nowMs} + ${REVOKED_KEPT_MS + 1})`
}

/** The values of {@link entryToRow} and their types. */
export const entryTypes = typed(...kit.entryColumns)
/** Columns of an entry of the log, after its number. */
export const entryColumns = kit.entryColumns.join(', ')

/** An entry of the revocation log. */
export function entryToRow(entry: RevocationEntry): SqlColumn {
  return kit.entryToValues(entry, exactText)
}

/** The columns of a cut-off, its key first, and their types. */
export const cutOffColumns = typed('user_id', 'app', 'tenant', 'before_ms', 'at_ms', 'reason')

/** A cut-off as the values of {@link cutOffColumns}. */
export function cutOffToRow(cutOff: StoredCutOff): SqlColumn {
  const { app, tenant, userId, beforeMs, nowMs, reason } = cutOff
  const user = userId === null ? '' : exactText(userId)
  return [user, exactText(app), exactText(tenant), beforeMs, nowMs, reason]
}

/** A row of {@link cutOffColumns}. */
export function rowToCutOff([user, app, tenant, beforeMs, nowMs, reason]: SqlRow): StoredCutOff {
  const userId = user === '' ? null : user
  return { app, tenant, userId, beforeMs, nowMs, reason } as unknown as StoredCutOff
}

/** The values of {@link recordToRow} and their types. */
export const recordTypes = typed('kind', 'app', 'id', 'version', 'value')
/** Columns of {@link rowToRecord}. */
export const recordColumns = 'kind, app, id, version, value'

/** A record as the values of {@link recordTypes}. */
export function recordToRow({ kind, app, id, version, value }: StoredRecord): SqlColumn {
  return [exactText(kind), exactText(app), exactText(id), version, exactText(value)]
}

/** A row of `pawl_records`. */
export function rowToRecord([kind, app, id, version, value]: SqlRow): StoredRecord {
  return { kind, app, id, version, value } as StoredRecord
}

/** A string that PostgreSQL keeps exactly: that UTF-8 does, and that holds no NUL. */
export function exactText(text: string): string {
  if (!text.includes('\0')) return kit.exactText(text)
  throw new TypeError('a name holds a NUL, which PostgreSQL cannot keep')
}
