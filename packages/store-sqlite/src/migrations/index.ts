import { initialSchema } from './0001-initial.ts'

/**
 * The schema's history, oldest first: the version is the position plus one. Forward only: an entry
 * that was ever released is never edited, a change is a new entry.
 */
const migrations: readonly string[] = [initialSchema]

/** The schema version that this build reads and writes. */
export const SCHEMA_VERSION = migrations.length

/** One row: the version of the schema, and a counter for the smallest write there is. */
const versionTable = `
CREATE TABLE IF NOT EXISTS schema_version (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  version INTEGER NOT NULL,
  touched INTEGER NOT NULL DEFAULT 0
) STRICT;`

/**
 * The SQL that brings a database up to date: what `migrate` runs, in one transaction.
 *
 * @param fromVersion the version that the database has; 0, the default, for an empty one
 */
export function migrationSql(fromVersion = 0): string {
  const steps = migrations.slice(fromVersion)
  if (steps.length === 0) return ''
  const note = `INSERT OR REPLACE INTO schema_version (only, version) VALUES (1, ${SCHEMA_VERSION});`
  return [versionTable, ...steps, note].join('\n')
}
