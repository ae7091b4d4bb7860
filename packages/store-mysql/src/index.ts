export { migrationSql, SCHEMA_VERSION } from './migrations/index.ts'
export { type MysqlStoreOptions, mysqlStore } from './mysql-store.ts'
export { readSchemaVersion } from './read-schema-version.ts'
