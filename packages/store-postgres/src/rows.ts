import {
  type EndReason,
  type JsonObject,
  REVOKED_KEPT_MS,
  type RevocationEntry,
  type Rotation,
  type Session,
  type SessionKey,
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
] as const

const columnNames = sessionColumns.map(([name]) => name)

/** Columns of a new row: a session's, and when the sweeper is to look at it first. */
export const insertColumns = [...columnNames, 'sweep_ms'].join(', ')

/** Types of {@link insertColumns}. */
export const insertTypes: readonly string[] = [...sessionColumns.map(([, type]) => type), 'bigint']

/** Columns of {@link rowToSession}, of a row `s` of `pawl_sessions` that nothing has ended. */
export const plainColumns = columnNames.map((name) => `s.${name}`).join(', ')

/** Columns of {@link rowToSession} of any row `s`, with {@link joinCutOffs} folded in. */
export const foldedColumns = columnNames
  .map((name) => {
    if (name === 'revoked_ms') return 'coalesce(s.revoked_ms, u.at_ms, t.at_ms)'
    if (name !== 'end_reason') return `s.${name}`
    return 'CASE WHEN s.revoked_ms IS NULL THEN coalesce(u.reason, t.reason) ELSE s.end_reason END'
  })
  .join(', ')

/** The cut-offs that cover a row `s`: `u` of its user, `t` of its tenant. */
export const joinCutOffs = `
  LEFT JOIN pawl_cut_offs u ON u.user_id = s.user_id AND u.app = s.app AND u.tenant = s.tenant
    AND u.before_ms >= s.created_ms
  LEFT JOIN pawl_cut_offs t ON t.user_id = '' AND t.app = s.app AND t.tenant = s.tenant
    AND t.before_ms >= s.created_ms`

/** Condition on a row `s`: neither revoked itself nor covered by a cut-off. */
export const isNotRevoked = `s.revoked_ms IS NULL AND NOT EXISTS (
    SELECT FROM pawl_cut_offs c WHERE c.user_id IN (s.user_id, '') AND c.app = s.app
      AND c.tenant = s.tenant AND c.before_ms >= s.created_ms)`

/** Condition on a row `s`: live at a moment, as the port defines it. */
export function isLive(nowMs: string): string {
  return `${isNotRevoked} AND ${nowMs} < s.absolute_expires_ms
    AND ${nowMs} <= s.idle_expires_ms + s.idle_timeout_ms`
}

/** The conditions of the one write, on a row `s` and a rotation `i`; see {@link rotationTypes}. */
export const mayRotate = `s.cur_hash = i.expected AND i.now_ms < s.absolute_expires_ms
    AND i.now_ms <= greatest(s.idle_expires_ms, i.cur_minted_ms + s.idle_timeout_ms)
    AND ${isNotRevoked}`

/** What a rotation `i` sets in a row `s`. The sweep moves only where the row now ends sooner. */
export const setRotation = `generation = i.generation, cur_hash = i.cur_hash,
    cur_minted_ms = i.cur_minted_ms, prev_hash = i.prev_hash, confirmed_ms = i.confirmed_ms,
    idle_expires_ms = least(i.now_ms + s.idle_timeout_ms, s.absolute_expires_ms),
    sweep_ms = least(s.sweep_ms, i.now_ms + 2 * s.idle_timeout_ms + 1)`

/** Columns of {@link rotationToRow}, and their types. */
export const rotationColumns =
  'app, tenant, handle, expected, generation, cur_hash, cur_minted_ms, prev_hash, confirmed_ms, now_ms'

/** Types of {@link rotationColumns}. */
export const rotationTypes: readonly string[] =
  'text text text text bigint text bigint text bigint bigint'.split(' ')

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

/** Columns of {@link rowToRecord}. */
export const recordColumns = 'kind, app, id, version, value'

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
