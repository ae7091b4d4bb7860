import type { Database } from './database.ts'
import type { SqlRow } from './rows.ts'
import * as sql from './sql.ts'

/** A record to be written; its key in the order of its columns. */
export interface RecordInput {
  readonly key: SqlRow
  readonly value: string
}

/** Adds a record; false if the key is taken. */
export function insertRecord(db: Database, { key, value }: RecordInput): boolean {
  return db.statement(sql.insertRecordRow).run(...key, value) > 0
}

/** Replaces a record that still has the version expected. */
export function replaceRecord(
  db: Database,
  { key, value, expectedVersion }: RecordInput & { readonly expectedVersion: number },
): boolean {
  return db.statement(sql.replaceRecordRow).run(value, ...key, expectedVersion) > 0
}

/** Deletes a record; false if there is none. */
export function deleteRecord(db: Database, key: SqlRow): boolean {
  return db.statement(sql.deleteRecordRow).run(...key) > 0
}
