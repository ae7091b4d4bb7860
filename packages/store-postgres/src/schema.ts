import { StoreError } from '@pawl/core'
import type { Database } from './database.ts'
import { sqlState } from './errors.ts'
import { migrationSql, SCHEMA_VERSION } from './migrations/index.ts'
import type { Statement } from './statement.ts'

const readVersion: Statement = {
  name: 'pawl_version',
  effect: 'none',
  text: 'SELECT version FROM pawl_schema',
}

/** A write, so that a replica or a full disk shows. */
const writePing: Statement = {
  name: 'pawl_ping',
  effect: 'repeatable',
  text: 'UPDATE pawl_schema SET pinged_ms = extract(epoch FROM clock_timestamp()) * 1000',
}

/** How long a core waits for another that is migrating. */
const LOCK_TIMEOUT = '300s'

/** Brings the schema up to date in one transaction; issues no DDL where nothing is to be done. */
export async function migrateSchema(db: Database, schema: string | null): Promise<void> {
  if ((await knownVersion(db)) === SCHEMA_VERSION) return
  await db.session(async (query) => {
    await query(
      `BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`,
    )
    await query("SELECT pg_advisory_xact_lock(hashtextextended('pawl migration', 0))")
    if (schema !== null) {
      const [row] = await query('SELECT current_schema() IS NULL')
      if (row?.[0] === true) await query(`CREATE SCHEMA "${schema.replaceAll('"', '""')}"`)
    }
    const [row] = await query("SELECT to_regclass('pawl_schema') IS NOT NULL")
    const [known] = row?.[0] === true ? await query(readVersion.text) : []
    const version = Number(known?.[0] ?? 0)
    refuseNewer(version)
    const sql = migrationSql(version)
    if (sql !== '') await query(sql)
    await query('COMMIT')
  })
}

/** The schema's version; 0 where there is none. Throws if it is newer than this build. */
export async function knownVersion(db: Database): Promise<number> {
  try {
    const [row] = await db.run(readVersion)
    const version = Number(row?.[0] ?? 0)
    refuseNewer(version)
    return version
  } catch (error) {
    const state = sqlState((error as { cause?: unknown }).cause)
    if (state === '42P01' || state === '3F000') return 0
    throw error
  }
}

function refuseNewer(version: number): void {
  if (version <= SCHEMA_VERSION) return
  const builds = `schema ${version}, this build reads up to ${SCHEMA_VERSION}`
  throw new StoreError('schema', `the PostgreSQL database is newer than this build: ${builds}`)
}

/** Resolves if the database has our tables and takes reads and writes. */
export async function pingDatabase(db: Database): Promise<void> {
  await db.run(writePing)
}
