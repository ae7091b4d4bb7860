import { initialSchema } from './0001-initial.ts'

/**
 * The schema's history, oldest first: the version is the position plus one. Forward only: an entry
 * that was ever released is never edited, a change is a new entry, and the release before it must
 * be able to go on with what it makes. No statement may hold a `;`.
 */
const migrations: readonly (readonly string[])[] = [initialSchema]

/** The schema version that this build reads and writes. */
export const SCHEMA_VERSION = migrations.length

/**
 * The statements that bring a database up to date: what `migrate` runs, one after the other. The
 * version comes last, so that one which was cut short is simply run again.
 *
 * @param fromVersion the version that the database has; 0 for an empty one
 */
export function migrationStatements(fromVersion: number): readonly string[] {
  if (fromVersion >= SCHEMA_VERSION) return []
  return [
    `CREATE TABLE IF NOT EXISTS pawl_schema (
  id TINYINT PRIMARY KEY,
  version BIGINT NOT NULL,
  pinged_ms BIGINT NOT NULL
) ENGINE=InnoDB`,
    ...migrations.slice(fromVersion).flat(),
    `INSERT INTO pawl_schema VALUES (1, ${SCHEMA_VERSION}, 0)
  ON DUPLICATE KEY UPDATE version = ${SCHEMA_VERSION}`,
  ]
}

/** The same as a script for the command line client; for an empty database by default. */
export function migrationSql(fromVersion = 0): string {
  return migrationStatements(fromVersion)
    .map((statement) => `${statement};`)
    .join('\n')
}
