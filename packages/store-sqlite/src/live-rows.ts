import type { EndReason, SessionHandle, UserScope } from '@pawl/core'
import { exactText } from '@pawl/store-kit'
import type { Database } from './database.ts'
import type { SqlValue } from './rows.ts'
import * as sql from './sql.ts'

/** A live row found in this transaction. */
export interface LiveRow extends UserScope {
  readonly id: SqlValue
  readonly handle: SessionHandle
}

/** The user's live rows, oldest first. */
export function findLiveRows(db: Database, user: UserScope, nowMs: number): readonly LiveRow[] {
  const { app, tenant, userId } = user
  const rows = db.statement(sql.selectLiveIds).all(app, tenant, exactText(userId), nowMs)
  return rows.map(([id = null, handle]) => ({
    app,
    tenant,
    userId,
    id,
    handle: handle as SessionHandle,
  }))
}

/** Why and when something ended. */
export interface End {
  readonly reason: EndReason
  readonly nowMs: number
}

/** Ends a live row and logs it. */
export function endRow(db: Database, row: LiveRow, { reason, nowMs }: End): void {
  const { app, tenant, userId, handle } = row
  db.statement(sql.revokeRowById).run(row.id, nowMs, reason)
  db.statement(sql.appendRevocation).run(app, tenant, userId, handle, null, nowMs, reason)
}
