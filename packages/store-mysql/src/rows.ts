import {
  type EndReason,
  type JsonObject,
  REVOKED_KEPT_MS,
  type RevocationEntry,
  type Rotation,
  type Session,
  type SessionKey,
  type StoredCutOff,
  type StoredRecord,
  StoreError,
  sweepableAtMs,
  type UserScope,
} from '@pawl/core'
import { type QuotedRow, quote, type SqlRow, type SqlValue, textOf } from './values.ts'

const sessionColumns = [
  'app',
  'tenant',
  'handle',
  'user_id',
  'generation',
  'cur_hash',
  'cur_minted_ms',
  'prev_hash',
  'confirmed_ms',
  'created_ms',
  'idle_timeout_ms',
  'idle_expires_ms',
  'absolute_expires_ms',
  'access_ttl_seconds',
  'access_kind',
  'key_thumbprint',
  'claims',
  'data',
  'device',
  'revoked_ms',
  'end_reason',
] as const

/** Columns of {@link sessionToRow}. */
export const insertColumns = [...sessionColumns, 'sweep_ms', 'mark'] as const

/** Columns of {@link rowToSession}, of a row `s` of `pawl_sessions` as it was written. */
export const plainColumns = sessionColumns.map((name) => `s.${name}`).join(', ')

/** The cut-offs that cover a row `s`: `ku` of its user and `kt` of its tenant, if any do. */
export const joinCutOffs = `
  LEFT JOIN pawl_cut_offs ku ON ku.user_id = s.user_id AND ku.app = s.app
    AND ku.tenant = s.tenant AND ku.before_ms >= s.created_ms
  LEFT JOIN pawl_cut_offs kt ON kt.user_id = _binary'' AND kt.app = s.app
    AND kt.tenant = s.tenant AND kt.before_ms >= s.created_ms`

/** Columns of {@link rowToSession} of any row `s`, with {@link joinCutOffs} folded in. */
export const foldedColumns = sessionColumns
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

/** Columns of {@link rotationToRow}. */
export const rotationColumns = [
  'app',
  'tenant',
  'handle',
  'expected',
  'generation',
  'cur_hash',
  'cur_minted_ms',
  'prev_hash',
  'confirmed_ms',
  'now_ms',
] as const

/** A rotation of a session. */
export function rotationToRow(key: SessionKey, { expected, next, nowMs }: Rotation): QuotedRow {
  const { generation, curHash2, curMintedAtMs, prevHash2, confirmedAtMs } = next
  const state = [expected, generation, curHash2, curMintedAtMs, prevHash2, confirmedAtMs, nowMs]
  return [...keyToRow(key), ...state.map(quote)]
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
  const { revokedAtMs } = session
  const newsUntilMs = revokedAtMs === null ? Infinity : revokedAtMs + REVOKED_KEPT_MS
  return [
    session.app,
    session.tenant,
    session.handle,
    session.userId,
    session.generation,
    session.curHash2,
    session.curMintedAtMs,
    session.prevHash2,
    session.confirmedAtMs,
    session.createdAtMs,
    session.idleTimeoutMs,
    session.idleExpiresAtMs,
    session.absoluteExpiresAtMs,
    session.accessTtlSeconds,
    session.accessKind,
    session.keyThumbprint,
    JSON.stringify(session.claims),
    JSON.stringify(session.data),
    JSON.stringify(session.device),
    revokedAtMs,
    session.endReason,
    Math.min(sweepableAtMs(session), newsUntilMs),
    mark,
  ].map(quote)
}

/** A row of {@link plainColumns} or {@link foldedColumns}, as a session. */
export function rowToSession(row: SqlRow): Session {
  const session = {
    app: textOf(row[0]),
    tenant: textOf(row[1]),
    handle: textOf(row[2]),
    userId: textOf(row[3]),
    generation: row[4],
    curHash2: textOf(row[5]),
    curMintedAtMs: row[6],
    prevHash2: textOf(row[7]),
    confirmedAtMs: row[8],
    createdAtMs: row[9],
    idleTimeoutMs: row[10],
    idleExpiresAtMs: row[11],
    absoluteExpiresAtMs: row[12],
    accessTtlSeconds: row[13],
    accessKind: textOf(row[14]),
    keyThumbprint: textOf(row[15]),
    claims: textToJson(row[16]),
    data: textToJson(row[17]),
    device: textToJson(row[18]),
    revokedAtMs: row[19],
    endReason: textOf(row[20]),
  }
  return session as unknown as Session
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
export const entryColumns = 'app, tenant, user_id, handle, before_ms, at_ms, reason'

/** A row of the revocation log, from a position on. */
export function rowToEntry(row: SqlRow, first: number): RevocationEntry {
  const [app, tenant, userId, handle, beforeMs, atMs, reason] = row.slice(first).map(textOf)
  const about = { app, tenant, userId, atMs, reason }
  const entry =
    handle === null
      ? { kind: 'cut-off', ...about, beforeMs }
      : { kind: 'session', ...about, handle }
  return entry as unknown as RevocationEntry
}

/** An entry of the revocation log. */
export function entryToRow(entry: RevocationEntry): QuotedRow {
  const { app, tenant, userId, atMs, reason } = entry
  const [handle, beforeMs] =
    entry.kind === 'session' ? [entry.handle, null] : [null, entry.beforeMs]
  return [app, tenant, userId, handle, beforeMs, atMs, reason].map(quote)
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

function textToJson(text: SqlValue | undefined): JsonObject {
  if (text === '{}') return {}
  try {
    return JSON.parse(String(text)) as JsonObject
  } catch (cause) {
    throw new StoreError('corrupt', 'a stored session holds JSON that cannot be read', { cause })
  }
}
