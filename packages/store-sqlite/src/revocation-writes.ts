import type { CutOffScope, EndReason, SecretHash, SessionHandle, UserScope } from '@pawl/core'
import type { Database } from './database.ts'
import { type End, endRow, findLiveRows } from './live-rows.ts'
import { type SqlRow, scopeToRow } from './rows.ts'
import * as sql from './sql.ts'

/** One session to end; `judged` is null for: whatever its current hash. */
export interface RevokeInput extends End {
  readonly key: SqlRow
  readonly judged: SecretHash | null
}

/** Ends one row and logs it. */
export function revokeSession(db: Database, input: RevokeInput): boolean {
  const { key, reason, nowMs, judged } = input
  const [row] = db.statement(sql.revokeSessionRow).all(...key, nowMs, reason, judged)
  if (row === undefined) return false
  const [app = null, tenant = null, handle = null] = key
  const [userId = null] = row
  db.statement(sql.appendRevocation).run(app, tenant, userId, handle, null, nowMs, reason)
  return true
}

/** All sessions of a user to end, but perhaps one. */
export interface RevokeByUserInput extends End {
  readonly user: UserScope
  readonly except: SessionHandle | null
}

/** Ends a user's live rows; without an exception it raises the user's cut-off too. */
export function revokeByUser(db: Database, input: RevokeByUserInput): readonly SessionHandle[] {
  const { user, except, reason, nowMs } = input
  const doomed = findLiveRows(db, user, nowMs).filter(({ handle }) => handle !== except)
  for (const row of doomed) endRow(db, row, input)
  if (except === null) {
    revokeBefore(db, { scope: user, cutOff: { beforeMs: nowMs, reason, nowMs } })
  }
  return doomed.map(({ handle }) => handle)
}

/** Where a cut-off is to be. */
export interface CutOffInput {
  readonly scope: CutOffScope
  readonly cutOff: { readonly beforeMs: number; readonly reason: EndReason; readonly nowMs: number }
}

/** Raises a cut-off and logs it. */
export function revokeBefore(db: Database, { scope, cutOff }: CutOffInput): null {
  const { beforeMs, nowMs, reason } = cutOff
  const { app, tenant, userId } = scope
  db.statement(sql.raiseCutOff).run(...scopeToRow(scope), beforeMs, nowMs, reason)
  db.statement(sql.appendRevocation).run(app, tenant, userId, null, beforeMs, nowMs, reason)
  return null
}

/** Deletes up to `limit` old entries of the log. */
export function trimRevocations(
  db: Database,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): number {
  return db.statement(sql.deleteRevocations).run(beforeMs, limit)
}
