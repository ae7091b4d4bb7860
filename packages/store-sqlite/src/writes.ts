import { putContent, sweepCutOffs } from './content-writes.ts'
import type { Database } from './database.ts'
import { migrateSchema, touchDatabase } from './migrate.ts'
import { deleteRecord, insertRecord, replaceRecord } from './record-writes.ts'
import { revokeBefore, revokeByUser, revokeSession, trimRevocations } from './revocation-writes.ts'
import { deleteExpired, insertRow, rotateRow, updateContent } from './session-writes.ts'

/**
 * Every write there is. Each runs inside a transaction that its caller has begun, touches nothing
 * else, and may be run again from the start after a rollback.
 */
const writes = {
  migrateSchema,
  touchDatabase,
  insertRow,
  rotateRow,
  updateContent,
  deleteExpired,
  revokeSession,
  revokeByUser,
  revokeBefore,
  trimRevocations,
  insertRecord,
  replaceRecord,
  deleteRecord,
  putContent,
  sweepCutOffs,
}

/** The name of a write. */
export type WriteName = keyof typeof writes
/** What a write is asked with. */
export type WriteInput<Name extends WriteName> = Parameters<(typeof writes)[Name]>[1]
/** What a write answers. */
export type WriteOutput<Name extends WriteName> = ReturnType<(typeof writes)[Name]>

/** A write to be done, as plain data: it may cross a thread. */
export interface WriteRequest {
  readonly name: WriteName
  readonly input: WriteInput<WriteName>
}

/** Does one write inside the transaction that is open. */
export function performWrite(db: Database, request: WriteRequest): WriteOutput<WriteName> {
  const write = writes[request.name] as (
    db: Database,
    input: WriteInput<WriteName>,
  ) => WriteOutput<WriteName>
  return write(db, request.input)
}
