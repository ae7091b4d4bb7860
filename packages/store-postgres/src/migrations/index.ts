import { initialSchema } from './0001-initial.ts'

/**
 * The schema's history, oldest first: the version is the position plus one. Forward only: an entry
 * that was ever released is never edited, a change is a new entry, and the release before it must
 * be able to go on with what it makes.
 */
const migrations: readonly string[] = [initialSchema]

/** The schema version that this build reads and writes. */
export const SCHEMA_VERSION = migrations.length

/**
 * The SQL that brings a database up to date: what `migrate` runs, in one transaction.
 *
 * @param fromVersion the version that the database has; 0, the default, for an empty one
 */
export function migrationSql(fromVersion = 0): string {
  const statements = migrations.slice(fromVersion)
  if (statements.length === 0) return ''
  const first =
    fromVersion === 0
      ? `CREATE TABLE pawl_schema (version bigint NOT NULL, pinged_ms bigint NOT NULL);
INSERT INTO pawl_schema VALUES (${SCHEMA_VERSION}, 0);`
      : `UPDATE pawl_schema SET version = ${SCHEMA_VERSION};`
  return [first, ...statements].join('\n')
}
