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
} from '@pawl/core'

/** What PostgreSQL gives here: `bigint` is read as a number, for none is above 2^53. */
export type SqlValue = string | number | boolean | null | readonly string[]
/** One row, in the order of its column list. */
export type SqlRow = readonly SqlValue[]
/** One value per row of a batch. */
export type SqlColumn = readonly (string | number | null)[]

/** Names and types of the values that a row is given with. */
export type SqlColumns = readonly (readonly [name: string, type: 'text' | 'bigint'])[]

/** The columns of a session, in the order of {@link sessionToRow}, and their types. */
const sessionColumns = [
  ['app', 'text'],
  ['tenant', 'text'],
  ['handle', 'text'],
  ['user_id', 'text'],
  ['generation', 'bigint'],
  ['cur_hash', 'text'],
  ['cur_minted_ms', 'bigint'],
  ['prev_hash', 'text'],
  ['confirmed_ms', 'bigint'],
  ['created_ms', 'bigint'],
  ['idle_timeout_ms', 'bigint'],
  ['idle_expires_ms', 'bigint'],
  ['absolute_expires_ms', 'bigint'],
  ['access_ttl_seconds', 'bigint'],
  ['access_kind', 'text'],
  ['key_thumbprint', 'text'],
  ['claims', 'text'],
  ['data', 'text'],
  ['device', 'text'],
  ['revoked_ms', 'bigint'],
  ['end_reason', 'text'],
] as const satisfies SqlColumns

const columnNames = sessionColumns.map(([name]) => name)

/** Columns of a new row: a session's, and when the sweeper is to look at it first. */
export const insertColumns: SqlColumns = [...sessionColumns, ['sweep_ms', 'bigint']]

/** Columns of {@link rowToSession}, of a row `s` of `pawl_sessions` that nothing has ended. */
export const plainColumns = columnNames.map((name) => `s.${name}`).join(', ')

/** The cut-off `k` that covers a row `s`, if any does: its user's before its tenant's. */
export const joinCutOff = `LEFT JOIN LATERAL (SELECT c.at_ms, c.reason FROM pawl_cut_offs c
      WHERE c.user_id IN (s.user_id, '') AND c.app = s.app AND c.tenant = s.tenant
        AND c.before_ms >= s.created_ms ORDER BY c.user_id DESC LIMIT 1) k ON true`

/** Columns of {@link rowToSession} of any row `s`, with {@link joinCutOff} folded in. */
export const foldedColumns = columnNames
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
export const rotationColumns: SqlColumns = [
  ['app', 'text'],
  ['tenant', 'text'],
  ['handle', 'text'],
  ['expected', 'text'],
  ['generation', 'bigint'],
  ['cur_hash', 'text'],
  ['cur_minted_ms', 'bigint'],
  ['prev_hash', 'text'],
  ['confirmed_ms', 'bigint'],
  ['now_ms', 'bigint'],
]

/** The values of {@link keyToRow} and their types. */
export const keyColumns: SqlColumns = rotationColumns.slice(0, 3)

/** A rotation of a session. */
export function rotationToRow(key: SessionKey, { expected, next, nowMs }: Rotation): SqlColumn {
  const { generation, curHash2, curMintedAtMs, prevHash2, confirmedAtMs } = next
  const state = [expected, generation, curHash2, curMintedAtMs, prevHash2, confirmedAtMs, nowMs]
  return [...keyToRow(key), ...state]
}

/** What names a row. */
export function keyToRow({ app, tenant, handle }: SessionKey): readonly string[] {
  return [exactText(app), exactText(tenant), exactText(handle)]
}

/** A session as the values of {@link insertColumns}. */
export function sessionToRow(session: Session): SqlColumn {
  const { revokedAtMs } = session
  const newsUntilMs =
    revokedAtMs === null ? Number.POSITIVE_INFINITY : revokedAtMs + REVOKED_KEPT_MS
  return [
    ...keyToRow(session),
    exactText(session.userId),
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
  ]
}

/** A row of {@link plainColumns} or {@link foldedColumns}, from a position on, as a session. */
export function rowToSession(row: SqlRow, first = 0): Session {
  const session = {
    app: row[first],
    tenant: row[first + 1],
    handle: row[first + 2],
    userId: row[first + 3],
    generation: row[first + 4],
    curHash2: row[first + 5],
    curMintedAtMs: row[first + 6],
    prevHash2: row[first + 7],
    confirmedAtMs: row[first + 8],
    createdAtMs: row[first + 9],
    idleTimeoutMs: row[first + 10],
    idleExpiresAtMs: row[first + 11],
    absoluteExpiresAtMs: row[first + 12],
    accessTtlSeconds: row[first + 13],
    accessKind: row[first + 14],
    keyThumbprint: row[first + 15],
    claims: textToJson(row[first + 16]),
    data: textToJson(row[first + 17]),
    device: textToJson(row[first + 18]),
    revokedAtMs: row[first + 19],
    endReason: row[first + 20],
  }
  return session as unknown as Session
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

/** Columns of {@link rowToEntry}, after the entry's number. */
export const entryColumns = 'app, tenant, user_id, handle, before_ms, at_ms, reason'

/** A row of the revocation log, from a position on. */
export function rowToEntry(row: SqlRow, first: number): RevocationEntry {
  const [app, tenant, userId, handle, beforeMs, atMs, reason] = row.slice(first)
  const about = { app, tenant, userId, atMs, reason: reason as EndReason }
  const entry =
    handle === null
      ? { kind: 'cut-off', ...about, beforeMs }
      : { kind: 'session', ...about, handle }
  return entry as unknown as RevocationEntry
}

/** The values of {@link entryToRow} and their types. */
export const entryTypes: SqlColumns = [
  ['app', 'text'],
  ['tenant', 'text'],
  ['user_id', 'text'],
  ['handle', 'text'],
  ['before_ms', 'bigint'],
  ['at_ms', 'bigint'],
  ['reason', 'text'],
]

/** An entry of the revocation log. */
export function entryToRow(entry: RevocationEntry): SqlColumn {
  const { app, tenant, userId, atMs, reason } = entry
  const user = userId === null ? null : exactText(userId)
  const ended = entry.kind === 'session' ? [entry.handle, null] : [null, entry.beforeMs]
  return [app, tenant, user, ...ended, atMs, reason]
}

/** The columns of a cut-off, its key first, and their types. */
export const cutOffColumns: SqlColumns = [
  ['user_id', 'text'],
  ['app', 'text'],
  ['tenant', 'text'],
  ['before_ms', 'bigint'],
  ['at_ms', 'bigint'],
  ['reason', 'text'],
]

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

/** Columns of {@link rowToRecord}. */
export const recordColumns = 'kind, app, id, version, value'

/** The values of {@link recordToRow} and their types. */
export const recordTypes: SqlColumns = [
  ['kind', 'text'],
  ['app', 'text'],
  ['id', 'text'],
  ['version', 'bigint'],
  ['value', 'text'],
]

/** A record as the values of {@link recordTypes}. */
export function recordToRow({ kind, app, id, version, value }: StoredRecord): SqlColumn {
  return [exactText(kind), exactText(app), exactText(id), version, exactText(value)]
}

/** A row of `pawl_records`. */
export function rowToRecord([kind, app, id, version, value]: SqlRow): StoredRecord {
  return { kind, app, id, version, value } as StoredRecord
}

/** A string that PostgreSQL keeps exactly; two names must never become one by being stored. */
export function exactText(text: string): string {
  if (text.isWellFormed() && !text.includes('\0')) return text
  throw new TypeError('a name holds a lone surrogate or a NUL, which PostgreSQL cannot keep')
}

function textToJson(text: SqlValue | undefined): JsonObject {
  if (text === '{}') return {}
  try {
    return JSON.parse(String(text)) as JsonObject
  } catch (cause) {
    throw new StoreError('corrupt', 'a stored session holds JSON that cannot be read', { cause })
  }
}
