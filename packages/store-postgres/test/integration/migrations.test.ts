import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  migrationSql,
  postgresStore,
  readSchemaVersion,
  SCHEMA_VERSION,
} from '@pawl/store-postgres'
import { Client } from 'pg'
import { type Engine, isChosen, startEngine } from '../../../../test/engines/index.ts'
import { sessionOf } from '../../../../test/engines/trouble/labelled-sessions.ts'
import {
  asUser,
  migrateTogether,
  useEverything,
} from '../../../../test/engines/trouble/migrations.ts'

function describeMigrations(): void {
  let engine: Engine
  let admin: Client

  before(async () => {
    engine = await startEngine('postgres', { durable: false })
    admin = new Client({ connectionString: engine.url })
    await admin.connect()
  })
  after(async () => {
    await admin?.end()
    await engine?.stop()
  })

  function urlOf(schema: string): string {
    const url = new URL(engine.url)
    url.searchParams.set('schema', schema)
    return url.href
  }

  it('are made once by processes that start together', async () => {
    await migrateTogether({
      packageName: '@pawl/store-postgres',
      factory: 'postgresStore',
      options: JSON.stringify({ url: urlOf('together') }),
    })
    const { rows } = await admin.query('SELECT version FROM together.pawl_schema')
    assert.equal(rows.length, 1)
  })

  it('may be run by hand, and then leave nothing to be done', async () => {
    assert.equal(await readSchemaVersion({ url: urlOf('by_hand') }), 0)
    await admin.query('CREATE SCHEMA by_hand; SET search_path = by_hand')
    assert.equal(await readSchemaVersion({ url: urlOf('by_hand') }), 0)
    await admin.query(migrationSql())
    await admin.query('SET search_path = public')
    await admin.query(`
      CREATE FUNCTION refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no DDL now'; END $$;
      CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION refuse_ddl()`)
    try {
      const store = postgresStore({ url: urlOf('by_hand') })
      await store.migrate()
      await store.ping()
      assert.equal(await readSchemaVersion({ url: urlOf('by_hand') }), SCHEMA_VERSION)
      assert.equal((await store.insert(sessionOf('by hand'), null)).kind, 'inserted')
      await store.close()
    } finally {
      await admin.query('DROP EVENT TRIGGER no_ddl')
    }
  })

  it('need rights that the role of the core does not need', async () => {
    const owner = postgresStore({ url: urlOf('granted') })
    await owner.migrate()
    await owner.close()
    await admin.query(`CREATE ROLE core LOGIN PASSWORD 'core';
      GRANT USAGE ON SCHEMA granted TO core;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA granted TO core`)
    await useEverything(postgresStore({ url: asUser(urlOf('granted'), 'core') }))
  })
}

if (isChosen('postgres')) describe('PostgreSQL migrations', describeMigrations)
