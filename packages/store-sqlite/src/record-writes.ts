import type { RecordKey } from '@pawl/core'
import type { Database } from './database.ts'
import * as sql from './sql.ts'

/** Adds a record; false if the key is taken. */
export function insertRecord(
  db: Database,
  { key, value }: { readonly key: RecordKey; readonly value: string },
): boolean {
  return db.statement(sql.insertRecordRow).run(key.kind, key.app, key.id, value) > 0
}

/** Replaces a record that still has the version expected. */
export function replaceRecord(
  db: Database,
  input: { readonly key: RecordKey; readonly expectedVersion: number; readonly value: string },
): boolean {
  const { key, expectedVersion, value } = input
  const statement = db.statement(sql.replaceRecordRow)
  return statement.run(value, key.kind, key.app, key.id, expectedVersion) > 0
}

/** Deletes a record; false if there is none. */
export function deleteRecord(db: Database, key: RecordKey): boolean {
  return db.statement(sql.deleteRecordRow).run(key.kind, key.app, key.id) > 0
}
