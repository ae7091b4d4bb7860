export { type MongodbStoreOptions, mongodbStore } from './mongodb-store.ts'
export { readSchemaVersion } from './read-schema-version.ts'
export { migrationSql, SCHEMA_VERSION } from './schema.ts'
