import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { migrationSql, mysqlStore, readSchemaVersion, SCHEMA_VERSION } from '@pawl/store-mysql'
import type { Connection } from 'mysql2/promise'
import { type Engine, isChosen, startEngine } from '../../../../test/engines/index.ts'
import { sessionOf } from '../../../../test/engines/trouble/labelled-sessions.ts'
import {
  asUser,
  migrateTogether,
  useEverything,
} from '../../../../test/engines/trouble/migrations.ts'
import { connectTo, freshDatabase } from './databases.ts'

function describeMigrations(): void {
  let engine: Engine
  let admin: Connection

  before(async () => {
    engine = await startEngine('mariadb', { durable: false })
    admin = await connectTo(engine.url)
  })
  after(async () => {
    await admin?.end()
    await engine?.stop()
  })

  it('are made once by processes that start together', async () => {
    const { url, name } = await freshDatabase(engine.url)
    await migrateTogether({
      packageName: '@pawl/store-mysql',
      factory: 'mysqlStore',
      options: `{ url: ${JSON.stringify(url)}, warn: () => {} }`,
    })
    const [rows] = await admin.query(`SELECT version FROM ${name}.pawl_schema`)
    assert.equal((rows as unknown[]).length, 1)
  })

  it('go on where they were cut short', async () => {
    const { url, name } = await freshDatabase(engine.url)
    const statements = migrationSql().split(';\n')
    for (let count = 1; count < statements.length; count++) {
      await admin.query(`USE ${name}; ${statements.slice(0, count).join(';')}`)
      assert.equal(await readSchemaVersion({ url }), 0)
    }
    const store = mysqlStore({ url, warn: () => {} })
    await store.migrate()
    assert.equal(await readSchemaVersion({ url }), SCHEMA_VERSION)
    await store.ping()
    assert.equal((await store.insert(sessionOf('cut short'), null)).kind, 'inserted')
    await store.close()
  })

  it('may be run by hand, and need rights that the role of the core does not need', async () => {
    const { url, name } = await freshDatabase(engine.url)
    await admin.query(`USE ${name}; ${migrationSql()}
      CREATE USER core@'%' IDENTIFIED BY 'core';
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${name}.* TO core@'%'`)
    await useEverything(mysqlStore({ url: asUser(url, 'core'), warn: () => {} }))
  })
}

if (isChosen('mariadb')) describe('MariaDB migrations', describeMigrations)
