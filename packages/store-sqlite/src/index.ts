export { migrationSql, SCHEMA_VERSION } from './migrations/index.ts'
export { readSchemaVersion } from './read-schema-version.ts'
export { type SqliteStoreOptions, sqliteStore } from './sqlite-store.ts'
