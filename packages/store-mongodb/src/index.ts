export { type MongodbStoreOptions, mongodbStore } from './mongodb-store.ts'
export { migrationSql, SCHEMA_VERSION } from './schema.ts'
