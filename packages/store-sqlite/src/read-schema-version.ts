import { existsSync } from 'node:fs'
import path from 'node:path'
import { openDatabase } from './database.ts'
import { toStoreError } from './errors.ts'
import { knownVersion } from './migrate.ts'
import type { SqliteStoreOptions } from './sqlite-store.ts'

/**
 * The version of the schema in a file, for `migrationSql`; 0 if the file is empty or not there, and
 * then none is made. Throws a `StoreError`: `schema` if it is newer than this build.
 */
export async function readSchemaVersion(
  options: Pick<SqliteStoreOptions, 'path'>,
): Promise<number> {
  const file = path.resolve(options.path)
  if (!existsSync(file)) return 0
  try {
    const db = openDatabase(file, 'reader')
    try {
      return knownVersion(db)
    } finally {
      db.close()
    }
  } catch (error) {
    throw toStoreError(error)
  }
}
