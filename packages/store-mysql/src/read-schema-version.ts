import { readUrl } from './connection.ts'
import { openDatabase } from './database.ts'
import type { MysqlStoreOptions } from './mysql-store.ts'
import { knownVersion } from './schema.ts'

const TIMEOUTS = { acquireTimeoutMs: 3000, statementTimeoutMs: 5000 } as const

/**
 * The version of the schema in a database, for `migrationSql`; 0 where there is none. Only reads.
 * Throws a `StoreError`: `schema` if it is newer than this build, `unavailable` if it cannot be
 * reached.
 */
export async function readSchemaVersion({ url }: Pick<MysqlStoreOptions, 'url'>): Promise<number> {
  const db = openDatabase({ connection: readUrl(url), poolMax: 1, ...TIMEOUTS })
  try {
    return await knownVersion(db)
  } finally {
    await db.close()
  }
}
