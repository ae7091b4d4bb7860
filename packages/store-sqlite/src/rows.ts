import {
  type CutOffScope,
  type JsonObject,
  REVOKED_KEPT_MS,
  type RecordKey,
  type RevocationEntry,
  type Rotation,
  type Session,
  type SessionKey,
  type StoredCutOff,
  type StoredRecord,
  StoreError,
} from '@pawl/core'

/** What SQLite gives and takes here: no blobs, and no integer above 2^53. */
export type SqlValue = string | number | null
/** One row, in the order of its column list. */
export type SqlRow = readonly SqlValue[]

/** Columns that a session is made of, in the order of {@link sessionToRow}. */
export const sessionColumns = [
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

/** A session as values of {@link sessionColumns}. */
export function sessionToRow(session: Session): SqlValue[] {
  return [
    session.app,
    session.tenant,
    session.handle,
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
    jsonToText(session.claims),
    jsonToText(session.data),
    jsonToText(session.device),
    session.revokedAtMs,
    session.endReason,
  ]
}

/** A row whose first columns are {@link sessionColumns} as a session. */
export function rowToSession(row: SqlRow): Session {
  const session = {
    app: row[0],
    tenant: row[1],
    handle: row[2],
    userId: row[3],
    generation: row[4],
    curHash2: row[5],
    curMintedAtMs: row[6],
    prevHash2: row[7],
    confirmedAtMs: row[8],
    createdAtMs: row[9],
    idleTimeoutMs: row[10],
    idleExpiresAtMs: row[11],
    absoluteExpiresAtMs: row[12],
    accessTtlSeconds: row[13],
    accessKind: row[14],
    keyThumbprint: row[15],
    claims: textToJson(row[16]),
    data: textToJson(row[17]),
    device: textToJson(row[18]),
    revokedAtMs: row[19],
    endReason: row[20],
  }
  return session as unknown as Session
}

/** A rotation as the first values of its statement; the session's key follows. */
export function rotationToRow({ expected, next, nowMs }: Rotation): SqlValue[] {
  return [
    next.generation,
    next.curHash2,
    next.curMintedAtMs,
    next.prevHash2,
    next.confirmedAtMs,
    nowMs,
    expected,
  ]
}

/** Columns that a rotation leaves as they are, in the order that {@link rotatedSession} reads. */
export const keptColumns = [
  'user_id',
  'created_ms',
  'idle_timeout_ms',
  'absolute_expires_ms',
  'access_ttl_seconds',
  'access_kind',
  'key_thumbprint',
  'claims',
  'data',
  'device',
] as const

/** The session after a rotation that advanced: what the rotation set, and what it left. */
export function rotatedSession(key: SessionKey, rotation: Rotation, kept: SqlRow): Session {
  const { next, nowMs } = rotation
  const [idleTimeoutMs, absoluteExpiresAtMs] = [Number(kept[2]), Number(kept[3])]
  const session = {
    app: key.app,
    tenant: key.tenant,
    handle: key.handle,
    userId: kept[0],
    generation: next.generation,
    curHash2: next.curHash2,
    curMintedAtMs: next.curMintedAtMs,
    prevHash2: next.prevHash2,
    confirmedAtMs: next.confirmedAtMs,
    createdAtMs: kept[1],
    idleTimeoutMs,
    idleExpiresAtMs: Math.min(nowMs + idleTimeoutMs, absoluteExpiresAtMs),
    absoluteExpiresAtMs,
    accessTtlSeconds: kept[4],
    accessKind: kept[5],
    keyThumbprint: kept[6],
    claims: textToJson(kept[7]),
    data: textToJson(kept[8]),
    device: textToJson(kept[9]),
    revokedAtMs: null,
    endReason: null,
  }
  return session as unknown as Session
}

/** The values that name a session. */
export function keyToRow(key: SessionKey): SqlValue[] {
  return [key.app, key.tenant, key.handle]
}

/** The values that name a record. */
export function recordKeyToRow(key: RecordKey): SqlValue[] {
  return [key.kind, key.app, key.id]
}

/** The values that name a cut-off's scope; a whole tenant has the empty user, whom nobody is. */
export function scopeToRow({ app, tenant, userId }: CutOffScope): SqlValue[] {
  return [app, tenant, userId === null ? '' : exactText(userId)]
}

/**
 * When the sweeper may delete a row, as long as nothing moves it: its first value of `sweep_ms`.
 */
export function sweepTimeOf(session: Session): number {
  const { absoluteExpiresAtMs, idleExpiresAtMs, idleTimeoutMs, revokedAtMs } = session
  const afterIdleMs = idleExpiresAtMs + idleTimeoutMs + 1
  const afterRevokedMs = revokedAtMs === null ? afterIdleMs : revokedAtMs + REVOKED_KEPT_MS + 1
  return Math.min(absoluteExpiresAtMs, afterIdleMs, afterRevokedMs)
}

/** Columns of {@link rowToEntry}. */
export const entryColumns = [
  'number',
  'app',
  'tenant',
  'user_id',
  'handle',
  'before_ms',
  'at_ms',
  'reason',
] as const

/** A row of the revocation log. */
export function rowToEntry(row: SqlRow): RevocationEntry {
  const [, app, tenant, userId, handle, beforeMs, atMs, reason] = row
  const about = { app, tenant, userId, atMs, reason }
  const entry =
    handle === null
      ? { kind: 'cut-off', ...about, beforeMs }
      : { kind: 'session', ...about, handle }
  return entry as unknown as RevocationEntry
}

/** Columns of {@link rowToCutOff}. */
export const cutOffColumns = ['app', 'tenant', 'user_id', 'before_ms', 'at_ms', 'reason'] as const

/** A row of `cut_offs`. */
export function rowToCutOff(row: SqlRow): StoredCutOff {
  const [app, tenant, userId, beforeMs, nowMs, reason] = row
  return {
    ...{ app, tenant, userId: userId === '' ? null : userId },
    ...{ beforeMs, nowMs, reason },
  } as unknown as StoredCutOff
}

/** A cut-off as values of {@link cutOffColumns}. */
export function cutOffToRow(cutOff: StoredCutOff): SqlValue[] {
  return [...scopeToRow(cutOff), cutOff.beforeMs, cutOff.nowMs, cutOff.reason]
}

/** An entry as the values of a new row of the log. */
export function entryToRow(entry: RevocationEntry): SqlValue[] {
  const { app, tenant, userId, atMs, reason } = entry
  const user = userId === null ? null : exactText(userId)
  const ended = entry.kind === 'session' ? [entry.handle, null] : [null, entry.beforeMs]
  return [app, tenant, user, ...ended, atMs, reason]
}

/** Columns of {@link rowToRecord}. */
export const recordColumns = ['kind', 'app', 'id', 'version', 'value'] as const

/** A row of `records`. */
export function rowToRecord(row: SqlRow): StoredRecord {
  const [kind, app, id, version, value] = row
  return { kind, app, id, version, value } as StoredRecord
}

/** A record as values of {@link recordColumns}. */
export function recordToRow(record: StoredRecord): SqlValue[] {
  return [...recordKeyToRow(record), record.version, exactText(record.value)]
}

/** JSON as stored: text, lone surrogates escaped. */
export function jsonToText(value: JsonObject): string {
  return JSON.stringify(value)
}

/** A string that UTF-8 keeps exactly; two names must never become one by being stored. */
export function exactText(text: string): string {
  if (text.isWellFormed()) return text
  throw new TypeError('a name or a value holds a lone surrogate, which UTF-8 cannot keep')
}

function textToJson(text: SqlValue | undefined): JsonObject {
  if (text === '{}') return {}
  try {
    return JSON.parse(String(text)) as JsonObject
  } catch (cause) {
    throw new StoreError('corrupt', 'a stored session holds JSON that cannot be read', { cause })
  }
}
