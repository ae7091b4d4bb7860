import {
  type EndReason,
  REVOKED_KEPT_MS,
  type RevocationEntry,
  type Rotation,
  type Session,
  type SessionKey,
  type StoredCutOff,
  type StoredRecord,
  type UserScope,
} from '@pawl/core'
import * as kit from '@pawl/store-kit'
import { type QuotedRow, quote, type SqlRow, textOf } from './values.ts'

/** Columns of {@link sessionToRow}. */
export const insertColumns = [...kit.sessionColumns, 'sweep_ms', 'mark'] as const

/** Columns of {@link rowToSession}, of a row `s` of `pawl_sessions` as it was written. */
export const plainColumns = kit.sessionColumns.map((name) => `s.${name}`).join(', ')

/** The cut-offs that cover a row `s`: `ku` of its user and `kt` of its tenant, if any do. */
export const joinCutOffs = `
  LEFT JOIN pawl_cut_offs ku ON ku.user_id = s.user_id AND ku.app = s.app
    AND ku.tenant = s.tenant AND ku.before_ms >= s.created_ms
  LEFT JOIN pawl_cut_offs kt ON kt.user_id = _binary'' AND kt.app = s.app
    AND kt.tenant = s.tenant AND kt.before_ms >= s.created_ms`

/** Columns of {@link rowToSession} of any row `s`, with {@link joinCutOffs} folded in. */
export const foldedColumns = kit.sessionColumns
  .map((name) => {
    if (name === 'revoked_ms') return 'COALESCE(s.revoked_ms, ku.at_ms, kt.at_ms)'
    if (name !== 'end_reason') return `s.${name}`
    return 'IF(s.revoked_ms IS NULL, COALESCE(ku.reason, kt.reason), s.end_reason)'
  })
  .join(', ')

/** Condition on a row `s` with {@link joinCutOffs}: neither revoked itself nor cut off. */
export const isNotRevoked = 's.revoked_ms IS NULL AND ku.at_ms IS NULL AND kt.at_ms IS NULL'

/** Condition on a row `s` with {@link joinCutOffs}: live at a moment, as the port defines it. */
export function isLive(nowMs: number): string {
  return `${isNotRevoked} AND ${quote(nowMs)} < s.absolute_expires_ms
    AND ${quote(nowMs)} <= s.idle_expires_ms + s.idle_timeout_ms`
}

/** A rotation of a session as the values of `rotationColumns`. */
export function rotationToRow(key: SessionKey, rotation: Rotation): QuotedRow {
  return kit.rotationToValues(key, rotation).map(quote)
}

/** The conditions of the one write on a row `s` for a rotation `i`, cut-offs aside. */
export const mayRotate = `s.cur_hash = i.expected AND i.now_ms < s.absolute_expires_ms
  AND i.now_ms <= GREATEST(s.idle_expires_ms, i.cur_minted_ms + s.idle_timeout_ms)`

/** What a rotation `i` sets in a row `s`. The sweep moves only where the row now ends sooner. */
export const setRotation = `s.generation = i.generation, s.cur_hash = i.cur_hash,
  s.cur_minted_ms = i.cur_minted_ms, s.prev_hash = i.prev_hash, s.confirmed_ms = i.confirmed_ms,
  s.idle_expires_ms = LEAST(i.now_ms + s.idle_timeout_ms, s.absolute_expires_ms),
  s.sweep_ms = LEAST(s.sweep_ms, i.now_ms + 2 * s.idle_timeout_ms + 1)`

/** What names a row: app, tenant, handle. */
export function keyToRow({ app, tenant, handle }: SessionKey): QuotedRow {
  return [quote(app), quote(tenant), quote(handle)]
}

/** Condition on a row `s`: the one of a key. */
export function ofKey(key: SessionKey): string {
  const [app, tenant, handle] = keyToRow(key)
  return `s.handle = ${handle} AND s.app = ${app} AND s.tenant = ${tenant}`
}

/** Condition on a row `s`: one of a user's. */
export function ofUser({ app, tenant, userId }: UserScope): string {
  return `s.user_id = ${quote(userId)} AND s.app = ${quote(app)} AND s.tenant = ${quote(tenant)}`
}

/** A session as the values of {@link insertColumns}. */
export function sessionToRow(session: Session, mark = 0): QuotedRow {
  const row = kit.sessionToValues(session)
  row.push(kit.firstSweepMs(session), mark)
  return row.map(quote)
}

/** A row of {@link plainColumns} or {@link foldedColumns}, as a session. */
export function rowToSession(row: SqlRow): Session {
  return kit.valuesToSession(row, 0, textOf)
}

/** Condition on a row `s`: it may be deleted at a moment. NULL means no. */
export function mayGo(nowMs: number): string {
  const now = quote(nowMs)
  return `(s.absolute_expires_ms <= ${now} OR s.idle_expires_ms + s.idle_timeout_ms < ${now}
    OR s.revoked_ms < ${now} - ${REVOKED_KEPT_MS})`
}

/** When the sweeper has to look at a row `s` again that may not go yet. */
export const nextSweep = `LEAST(s.absolute_expires_ms, s.idle_expires_ms + s.idle_timeout_ms + 1,
    COALESCE(s.revoked_ms + ${REVOKED_KEPT_MS + 1}, s.absolute_expires_ms))`

/** What an end at `nowMs` for a reason, by the write `mark`, sets in a row `s`. */
export function setRevoked(nowMs: number, reason: EndReason, mark: number): string {
  return `s.revoked_ms = ${quote(nowMs)}, s.end_reason = ${quote(reason)}, s.mark = ${mark},
    s.sweep_ms = LEAST(s.sweep_ms, ${quote(nowMs + REVOKED_KEPT_MS + 1)})`
}

/** Columns of {@link rowToEntry} and {@link entryToRow}. */
export const entryColumns = kit.entryColumns.join(', ')

/** A row of the revocation log, from a position on. */
export function rowToEntry(row: SqlRow, first: number): RevocationEntry {
  return kit.valuesToEntry(row, first, textOf)
}

/** An entry of the revocation log. */
export function entryToRow(entry: RevocationEntry): QuotedRow {
  return kit.entryToValues(entry).map(quote)
}

/** What names a session, as the primary key has it. */
export const sessionKeyColumns = ['handle', 'app', 'tenant'] as const

/**
 * What a row that is put does to one of its key: it goes over it as a whole if it may (see
 * `ContentStore.put`). Values are set from left to right: the verdict is kept in `mark` first.
 */
export function putOver(mark: number): string {
  const isAhead = `VALUES(generation) > generation OR (VALUES(generation) = generation
    AND (VALUES(confirmed_ms) > confirmed_ms OR (VALUES(confirmed_ms) = confirmed_ms
      AND VALUES(idle_expires_ms) >= idle_expires_ms)))`
  const others = insertColumns.filter((name) => name !== 'mark')
  return `ON DUPLICATE KEY UPDATE
    mark = IF(revoked_ms IS NULL AND (VALUES(revoked_ms) IS NOT NULL OR ${isAhead}), ${mark}, mark),
    ${others.map((name) => `${name} = IF(mark = ${mark}, VALUES(${name}), ${name})`).join(', ')}`
}

/** Columns of {@link rowToCutOff} and {@link cutOffToRow}. */
export const cutOffColumns = 'user_id, app, tenant, before_ms, at_ms, reason'
/** What names a cut-off, as the primary key has it. */
export const cutOffKeyColumns = ['user_id', 'app', 'tenant'] as const

/** A row of `pawl_cut_offs`. */
export function rowToCutOff(row: SqlRow): StoredCutOff {
  const [userId, app, tenant, beforeMs, nowMs, reason] = row.map(textOf)
  return { app, tenant, userId: userId || null, beforeMs, nowMs, reason } as StoredCutOff
}

/** A cut-off. */
export function cutOffToRow({ userId, app, tenant, ...cut }: StoredCutOff): QuotedRow {
  return [userId ?? '', app, tenant, cut.beforeMs, cut.nowMs, cut.reason].map(quote)
}

/** What a cut-off does to one of its scope: it raises it. Left to right: `before_ms` last. */
export const raiseCutOff = `ON DUPLICATE KEY UPDATE
  at_ms = IF(VALUES(before_ms) > before_ms, VALUES(at_ms), at_ms),
  reason = IF(VALUES(before_ms) > before_ms, VALUES(reason), reason),
  before_ms = GREATEST(before_ms, VALUES(before_ms))`

/** What names a record. */
export const recordKeyColumns = ['kind', 'app', 'id'] as const

/** A record. */
export function recordToRow({ kind, app, id, version, value }: StoredRecord): QuotedRow {
  return [kind, app, id, version, value].map(quote)
}

/** Columns of {@link rowToRecord}. */
export const recordColumns = 'kind, app, id, version, value'

/** A row of `pawl_records`. */
export function rowToRecord(row: SqlRow): StoredRecord {
  const [kind, app, id, version, value] = row.map(textOf)
  return { kind, app, id, version, value } as StoredRecord
}
