import { initialSchema } from './0001-initial.ts'

/**
 * The schema's history, oldest first: the version is the position plus one. Forward only: an entry
 * that was ever released is never edited, a change is a new entry.
 */
export const migrations: readonly string[] = [initialSchema]

/** The schema version that this build reads and writes. */
export const SCHEMA_VERSION = migrations.length
