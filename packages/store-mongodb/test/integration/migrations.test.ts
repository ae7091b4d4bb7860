import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isStoreError } from '@pawl/core'
import { migrationSql, mongodbStore, readSchemaVersion, SCHEMA_VERSION } from '@pawl/store-mongodb'
import { MongoClient } from 'mongodb'
import { type Engine, isChosen, useEngine } from '../../../../test/engines/index.ts'
import { sessionOf } from '../../../../test/engines/trouble/labelled-sessions.ts'
import { migrateTogether } from '../../../../test/engines/trouble/migrations.ts'

function describeMigrations(): void {
  let engine: Engine
  let admin: MongoClient
  const made: string[] = []

  before(async () => {
    engine = await useEngine('mongodb')
    admin = await new MongoClient(engine.url).connect()
  })
  after(async () => {
    for (const name of made) await admin?.db(name).dropDatabase()
    await admin?.close()
    await engine?.stop()
  })

  /** A database of its own: its name, and the URL of it. */
  function freshDatabase(label: string): readonly [string, string] {
    const url = new URL(engine.url)
    const name = `pawl-${label}-${process.pid}-${Date.now()}`
    url.pathname = name
    made.push(name)
    return [name, url.href]
  }

  async function indexesOf(name: string): Promise<readonly string[]> {
    const indexes = await admin.db(name).collection('pawl_sessions').indexes()
    return indexes.map((index) => index.name ?? '').sort()
  }

  it('are made once by processes that start together', async () => {
    const [name, url] = freshDatabase('together')
    await migrateTogether({
      packageName: '@pawl/store-mongodb',
      factory: 'mongodbStore',
      options: JSON.stringify({ url }),
    })
    const versions = await admin.db(name).collection('pawl_schema').find().toArray()
    assert.deepEqual(
      versions.map(({ version }) => version),
      [SCHEMA_VERSION],
    )
    const expected = ['_id_', 'pawl_by_sweep', 'pawl_by_user', 'pawl_drop', 'pawl_slot']
    assert.deepEqual(await indexesOf(name), expected)
  })

  it('print what they do, one command of mongosh a line, each index of the database in it', async () => {
    const [name, url] = freshDatabase('printed')
    assert.equal(await readSchemaVersion({ url }), 0)
    const store = mongodbStore({ url })
    await store.migrate()
    assert.equal(await readSchemaVersion({ url }), SCHEMA_VERSION)
    await store.close()
    const lines = migrationSql().split('\n')
    for (const index of await indexesOf(name)) {
      if (index === '_id_') continue
      assert.ok(lines.some((line) => line.startsWith('db.pawl_sessions.') && line.includes(index)))
    }
    assert.match(lines.at(-1) ?? '', /^db\.pawl_schema\.updateOne\(.*version: \d+/)
    assert.equal(migrationSql(SCHEMA_VERSION), '')
  })

  it('refuse a schema that is newer, and write nothing', async () => {
    const [name, url] = freshDatabase('newer')
    const schema = admin.db(name).collection<{ _id: string; version: number }>('pawl_schema')
    await schema.insertOne({ _id: 'schema', version: SCHEMA_VERSION + 1 })
    const store = mongodbStore({ url })
    await assert.rejects(
      store.migrate(),
      (error) =>
        isStoreError(error) &&
        error.kind === 'schema' &&
        /newer than this build: schema \d+, this build reads up to \d+$/.test(error.message),
    )
    await store.close()
    const collections = await admin.db(name).listCollections().toArray()
    assert.deepEqual(
      collections.map((collection) => collection.name),
      ['pawl_schema'],
    )
    assert.equal((await schema.findOne({ _id: 'schema' }))?.version, SCHEMA_VERSION + 1)
  })

  it('have to have been run before a ping is answered', async () => {
    const [, url] = freshDatabase('never')
    const store = mongodbStore({ url })
    await assert.rejects(
      store.ping(),
      (error) =>
        isStoreError(error) &&
        /^schema.*run the migrations$/.test(`${error.kind}: ${error.message}`),
    )
    assert.equal(await store.find(sessionOf('any')), undefined)
    await store.close()
  })
}

if (isChosen('mongodb')) describe('MongoDB migrations', describeMigrations)
