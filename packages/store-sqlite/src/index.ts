export { migrationSql, SCHEMA_VERSION } from './migrations/index.ts'
export { type SqliteStoreOptions, sqliteStore } from './sqlite-store.ts'
