import type {
  CutOffScope,
  RecordKey,
  Rotation,
  Session,
  SessionKey,
  StoredCutOff,
  StoredRecord,
} from '@pawl/core'
import { exactText, firstSweepMs, sessionToValues, textToJson } from '@pawl/store-kit'

/** What SQLite gives and takes here: no blobs, and no integer above 2^53. */
export type SqlValue = string | number | null
/** One row, in the order of its column list. */
export type SqlRow = readonly SqlValue[]

/** A session as the values of a new row: its columns, and when the sweeper is to look at it. */
export function sessionToRow(session: Session): SqlValue[] {
  const row = sessionToValues(session)
  row.push(firstSweepMs(session))
  return row
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
