import { readUrl } from './connection.ts'
import { openDatabase } from './database.ts'
import type { MongodbStoreOptions } from './mongodb-store.ts'
import { knownVersion } from './schema.ts'

const TIMEOUTS = { connectTimeoutMs: 3000, answerTimeoutMs: 5000 } as const

/**
 * The version of the schema in a database, for `migrationSql`; 0 where there is none. Only reads.
 * Throws a `StoreError`: `schema` if it is newer than this build, `unavailable` if it cannot be
 * reached.
 */
export async function readSchemaVersion({
  url,
}: Pick<MongodbStoreOptions, 'url'>): Promise<number> {
  const db = openDatabase({ ...readUrl(url), poolMax: 2, ...TIMEOUTS })
  try {
    return await db.run('none', knownVersion)
  } finally {
    await db.close()
  }
}
