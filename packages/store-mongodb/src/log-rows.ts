import {
  type AppId,
  type CutOff,
  type EndReason,
  type EpochMs,
  REVOKED_KEPT_MS,
  type RevocationEntry,
  type StoredCutOff,
  type StoredRecord,
  type TenantId,
  type UserId,
} from '@pawl/core'
import { exactText } from '@pawl/store-kit'
import { decode, handleIn, keyText, namesIn, placeOf, scopeText } from './names.ts'

/** A cut-off; `_id` is `app:tenant` or `app:tenant:user`. */
export interface CutOffDocument {
  readonly _id: string
  readonly before: number
  readonly at: number
  readonly reason: string
}

/**
 * An entry of the log, by its number. It says what is to be done before that is done: `pending`
 * until it was, or until it was found that another had ended the session (`void`). An entry that is
 * void because it was trimmed has no time.
 */
export interface EntryDocument {
  readonly _id: number
  /** What the session says that it ended. */
  readonly name: string
  readonly state: 'pending' | 'done' | 'void'
  readonly at: number | null
  readonly reason: string
  readonly tenant: string
  readonly user: string | null
  /** `_id` of the session; null for a cut-off. */
  readonly session: string | null
  readonly before: number | null
  /** The current hash that the session has to have; null for any. */
  readonly judged: string | null
}

/** A record; `_id` is `kind:app:id`. */
export interface RecordDocument {
  readonly _id: string
  readonly version: number
  readonly value: string
}

/** An entry that has no number yet. */
export type NewEntry = Omit<EntryDocument, '_id'>

/** The entry that ends a session. */
export function entryOfSession(
  document: { readonly _id: string; readonly tenant: string; readonly user: string },
  end: { readonly nowMs: EpochMs; readonly reason: EndReason; readonly judged?: string },
  name: string,
): NewEntry {
  const { _id, tenant, user } = document
  const about = { name, state: 'pending' as const, at: end.nowMs, reason: end.reason }
  return { ...about, tenant, user, session: _id, before: null, judged: end.judged ?? null }
}

/** The entry that raises a cut-off. */
export function entryOfCutOff(
  scope: { readonly app: string; readonly tenant: string; readonly userId: string | null },
  cutOff: CutOff,
  name: string,
): NewEntry {
  const { beforeMs, nowMs, reason } = cutOff
  const tenant = placeOf(scope.app, scope.tenant)
  const user = scope.userId === null ? null : scopeText(scope)
  const about = { name, state: 'pending' as const, at: nowMs, reason, tenant, user }
  return { ...about, session: null, before: beforeMs, judged: null }
}

/** An entry of the log as the port has it. */
export function documentToEntry(document: EntryDocument): RevocationEntry {
  const [app, tenant] = namesIn(document.tenant)
  const about = { app: app as AppId, tenant: tenant as TenantId, atMs: document.at as EpochMs }
  const reason = document.reason as EndReason
  const { user, session, before } = document
  const userId = user === null ? null : (decode(user.slice(document.tenant.length + 1)) as UserId)
  return session === null
    ? { kind: 'cut-off', ...about, reason, userId, beforeMs: before as EpochMs }
    : { kind: 'session', ...about, reason, userId: userId as UserId, handle: handleIn(session) }
}

/** The cut-off that an entry raises. */
export function cutOffOfEntry({ user, tenant, before, at, reason }: NewEntry): CutOffDocument {
  return { _id: user ?? tenant, before: before ?? 0, at: at ?? 0, reason }
}

/** An entry that is put as it is: what it says was done elsewhere. */
export function entryToDocument(entry: RevocationEntry): NewEntry {
  const { app, tenant, atMs, reason, userId } = entry
  const isOfSession = entry.kind === 'session'
  return {
    name: '',
    state: 'done',
    at: atMs,
    reason,
    tenant: placeOf(app, tenant),
    user: userId === null ? null : scopeText(entry),
    session: isOfSession ? keyText(entry) : null,
    before: isOfSession ? null : entry.beforeMs,
    judged: null,
  }
}

/** Ends the session of an entry, unless it was ended before or is not the one that was judged. */
export function endSession({ name, at, reason, session, judged }: NewEntry) {
  return {
    filter: { _id: session ?? '', revoked: null, ...(judged === null ? {} : { cur: judged }) },
    update: {
      $set: { revoked: at, reason, by: name },
      $unset: { slot: true as const },
      $min: { sweep: (at ?? 0) + REVOKED_KEPT_MS + 1 },
    },
  }
}

/** A cut-off as it is kept. */
export function cutOffToDocument(cutOff: StoredCutOff): CutOffDocument {
  const { beforeMs, nowMs, reason } = cutOff
  return { _id: scopeText(cutOff), before: beforeMs, at: nowMs, reason }
}

/** A cut-off as the port has it. */
export function documentToCutOff({ _id, before, at, reason }: CutOffDocument): StoredCutOff {
  const [app, tenant, userId = null] = namesIn(_id)
  return { app, tenant, userId, beforeMs: before, nowMs: at, reason } as unknown as StoredCutOff
}

/** A record as it is kept. */
export function recordToDocument({ kind, app, id, version, value }: StoredRecord): RecordDocument {
  return { _id: placeOf(kind, app, id), version, value: exactText(value) }
}

/** A record as the port has it. */
export function documentToRecord({ _id, version, value }: RecordDocument): StoredRecord {
  const [kind = '', app = '', id = ''] = namesIn(_id)
  return { kind, app, id, version, value }
}
