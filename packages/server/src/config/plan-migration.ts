import { isStoreError } from '@pawl/core'
import { loadStorePackage, sqliteFileOf } from './open-store.ts'

/** What `pawl migrate` would run. */
export interface PlannedMigration {
  /** SQL (commands for `mongosh`); empty if nothing is to be done, null if the store has none. */
  readonly script: string | null
  /** Why the database could not be asked; then the script is all that an empty one needs. */
  readonly unasked?: string
}

/** What a package of a store gives, beside the store. */
interface StoreSchema {
  readonly migrationSql?: (fromVersion?: number) => string
  readonly readSchemaVersion?: (where: object) => Promise<number>
}

/**
 * Looks at the configured database, writes nothing, and says what is left to be run. Throws a
 * `StoreError` for one that is damaged or newer than this build.
 */
export async function planMigration(config: {
  readonly store: string
  readonly dataDir: string
}): Promise<PlannedMigration> {
  const path = sqliteFileOf(config)
  const named: { readonly [name: string]: unknown } =
    path === undefined ? await loadStorePackage(config.store) : await import('@pawl/store-sqlite')
  const { migrationSql, readSchemaVersion } = named as StoreSchema
  if (migrationSql === undefined || readSchemaVersion === undefined) return { script: null }
  try {
    const version = await readSchemaVersion(path === undefined ? { url: config.store } : { path })
    return { script: migrationSql(version) }
  } catch (error) {
    const isAway = isStoreError(error) && ['unavailable', 'timeout'].includes(error.kind)
    if (!isAway) throw error
    return { script: migrationSql(), unasked: error.message }
  }
}
