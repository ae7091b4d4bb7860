import { StoreError } from '@pawl/core'
import type { Database } from './database.ts'
import { migrationSql, SCHEMA_VERSION } from './migrations/index.ts'

const hasVersionTable = `SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'`
const touch = 'UPDATE schema_version SET touched = touched + 1'
const selectVersion = 'SELECT version FROM schema_version'

/**
 * Brings the schema up to this build's version in one transaction, which the caller has begun with
 * the write lock: of N processes one does the work, the others find it done.
 *
 * @throws StoreError `schema` if the database is newer than this build
 */
export function migrateSchema(db: Database, _input: null): null {
  db.exec(migrationSql(knownVersion(db)))
  return null
}

/**
 * The schema's version; 0 in an empty database.
 *
 * @throws StoreError `schema` if the database is newer than this build
 */
export function knownVersion(db: Database): number {
  const isFresh = db.statement(hasVersionTable).all().length === 0
  const version = isFresh ? 0 : readVersion(db)
  refuseNewer(version)
  return version
}

/** The smallest write there is: it fails where no write can succeed. */
export function touchDatabase(db: Database, _input: null): null {
  db.statement(touch).run()
  return null
}

/** @throws StoreError `schema` unless the schema is exactly this build's */
export function checkSchema(db: Database): void {
  const version = readVersion(db)
  refuseNewer(version)
  if (version === SCHEMA_VERSION) return
  const sentence = `the SQLite database has schema ${version}, this build needs ${SCHEMA_VERSION}`
  throw new StoreError('schema', `${sentence}: run the migrations`)
}

function readVersion(db: Database): number {
  const [row] = db.statement(selectVersion).all()
  return Number(row?.[0] ?? 0)
}

function refuseNewer(version: number): void {
  if (version <= SCHEMA_VERSION) return
  throw new StoreError(
    'schema',
    `the SQLite database has schema ${version}, which is newer than the ${SCHEMA_VERSION} of this ` +
      'build: start a newer build',
  )
}
