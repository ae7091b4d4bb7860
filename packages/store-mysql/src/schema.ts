import { StoreError } from '@pawl/core'
import type { Database } from './database.ts'
import { isTableMissing } from './errors.ts'
import { migrationStatements, SCHEMA_VERSION } from './migrations/index.ts'
import { textOf } from './values.ts'

const readVersion = 'SELECT version FROM pawl_schema WHERE id = 1'

/** A write, so that a replica or a full disk shows. */
const writePing = `UPDATE pawl_schema
  SET pinged_ms = CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED) WHERE id = 1`

/** How long a core waits for another that is migrating. */
const LOCK_TIMEOUT_SECONDS = 300
const lockName = "SHA1(CONCAT('pawl migration ', DATABASE()))"

/** The oldest releases that are looked after and have what the statements need. */
const OLDEST = { MySQL: [8, 0], MariaDB: [10, 6] } as const

/**
 * Brings the schema up to date, one process at a time; issues no DDL where nothing is to be done.
 * Warns of a server that may forget what it acknowledged.
 */
export async function migrateSchema(db: Database, warn: (text: string) => void): Promise<void> {
  await lookAtServer(db, warn)
  if ((await knownVersion(db)) === SCHEMA_VERSION) return
  await db.session(async (query) => {
    const [[isMine] = []] = await query(`SELECT GET_LOCK(${lockName}, ${LOCK_TIMEOUT_SECONDS})`)
    if (isMine !== 1) throw new StoreError('timeout', 'another core migrates and does not end')
    try {
      for (const statement of migrationStatements(await knownVersion(db))) await query(statement)
    } finally {
      await query(`DO RELEASE_LOCK(${lockName})`)
    }
  })
}

async function lookAtServer(db: Database, warn: (text: string) => void): Promise<void> {
  const [answer] = await db.run(
    'none',
    `SELECT VERSION(), @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog`,
  )
  const [version, flush, hasLog, syncs] = (answer?.rows[0] ?? []).map(textOf)
  const [major = 0, minor = 0] = String(version).split('.').map(Number)
  const name = /mariadb/i.test(String(version)) ? 'MariaDB' : 'MySQL'
  const [oldestMajor, oldestMinor] = OLDEST[name]
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    const needed = `${name} ${oldestMajor}.${oldestMinor} or newer is needed`
    throw new StoreError('schema', `${needed}; this is ${major}.${minor}`)
  }
  // With a binary log, a commit that is missing in it is rolled back after a crash.
  if (flush === 1 && (hasLog === 0 || syncs === 1)) return
  warn(
    `${name} may forget what it acknowledged: innodb_flush_log_at_trx_commit=1 and, with a binary ` +
      `log, sync_binlog=1 are needed; they are ${flush} and ${syncs}`,
  )
}

/** The schema's version; 0 where there is none. Throws if it is newer than this build. */
export async function knownVersion(db: Database): Promise<number> {
  try {
    const [answer] = await db.run('none', readVersion)
    const version = Number(answer?.rows[0]?.[0] ?? 0)
    if (version <= SCHEMA_VERSION) return version
    const builds = `schema ${version}, this build reads up to ${SCHEMA_VERSION}`
    throw new StoreError('schema', `the MySQL database is newer than this build: ${builds}`)
  } catch (error) {
    if (isTableMissing((error as { cause?: unknown }).cause)) return 0
    throw error
  }
}

/** Resolves if the database has our tables and takes reads and writes. */
export async function pingDatabase(db: Database): Promise<void> {
  await db.run('repeatable', writePing)
}
