export { migrationSql, SCHEMA_VERSION } from './migrations/index.ts'
export { type PostgresStoreOptions, postgresStore } from './postgres-store.ts'
export { readSchemaVersion } from './read-schema-version.ts'
export { type PostgresReader, postgresReader } from './reader.ts'
