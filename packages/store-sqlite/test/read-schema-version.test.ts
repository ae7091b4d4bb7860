import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { isStoreError } from '@pawl/core'
import { migrationSql, readSchemaVersion, SCHEMA_VERSION, sqliteStore } from '@pawl/store-sqlite'
import { tempFolder } from './temp-folder.ts'

test('a file that is not there has no schema, and is not made', async (context) => {
  const file = path.join(tempFolder(context), 'below', 'pawl.db')
  assert.equal(await readSchemaVersion({ path: file }), 0)
  assert.equal(existsSync(path.dirname(file)), false)
})

test('an empty database has no schema; what it needs, run by hand, is the schema', async (context) => {
  const file = path.join(tempFolder(context), 'pawl.db')
  writeFileSync(file, '')
  assert.equal(await readSchemaVersion({ path: file }), 0)
  const db = new DatabaseSync(file)
  db.exec(migrationSql(0))
  db.close()
  assert.equal(await readSchemaVersion({ path: file }), SCHEMA_VERSION)
})

test('the version is read while a store is in use, and leaves nothing behind', async (context) => {
  const folder = tempFolder(context)
  const file = path.join(folder, 'pawl.db')
  const store = sqliteStore({ path: file })
  await store.migrate()
  assert.equal(await readSchemaVersion({ path: file }), SCHEMA_VERSION)
  await store.ping()
  await store.close()
  assert.equal(await readSchemaVersion({ path: file }), SCHEMA_VERSION)
  assert.deepEqual(readdirSync(folder), ['pawl.db'])
})

test('a schema that is newer than this build is refused', async (context) => {
  const file = path.join(tempFolder(context), 'pawl.db')
  const db = new DatabaseSync(file)
  db.exec(migrationSql(0))
  db.exec(`UPDATE schema_version SET version = ${SCHEMA_VERSION + 1}`)
  db.close()
  const isNewer = (error: unknown) => isStoreError(error) && error.kind === 'schema'
  await assert.rejects(readSchemaVersion({ path: file }), isNewer)
})
