import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { migrationSql, postgresStore } from '@pawl/store-postgres'
import { Client } from 'pg'
import { type Engine, isChosen, startEngine } from '../../../../test/engines/index.ts'
import {
  NOW_MS,
  rotationOf,
  sessionOf,
} from '../../../../test/engines/trouble/labelled-sessions.ts'

const PROCESSES = 5

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
    const script = `
      const { postgresStore } = await import('@pawl/store-postgres')
      const store = postgresStore({ url: ${JSON.stringify(urlOf('together'))} })
      await Promise.all([store.migrate(), store.migrate()])
      await store.ping()
      await store.close()`
    const codes = await Promise.all(
      Array.from({ length: PROCESSES }, async () => {
        const args = ['--input-type=module', '-e', script]
        const child = spawn(process.execPath, args, { stdio: 'inherit', cwd: import.meta.dirname })
        const [code] = await once(child, 'exit')
        return code
      }),
    )
    assert.deepEqual(codes, new Array(PROCESSES).fill(0))
    const { rows } = await admin.query('SELECT version FROM together.pawl_schema')
    assert.equal(rows.length, 1)
  })

  it('may be run by hand, and then leave nothing to be done', async () => {
    await admin.query('CREATE SCHEMA by_hand; SET search_path = by_hand')
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
    const url = new URL(urlOf('granted'))
    url.username = 'core'
    url.password = 'core'
    const store = postgresStore({ url: url.href })
    await store.migrate()
    await store.ping()
    const [first, second] = [sessionOf('granted'), sessionOf('second', sessionOf('granted'))]
    const limit = { max: 1, policy: 'end-oldest' } as const
    assert.equal((await store.insert(first, limit)).kind, 'inserted')
    assert.equal((await store.rotate(first, rotationOf('granted', 0)))?.advanced, true)
    const newcomer = { ...second, handle: sessionOf('newcomer').handle }
    assert.deepEqual(await store.insert(newcomer, limit), {
      kind: 'inserted',
      ended: [first.handle],
    })
    const end = { reason: 'revoked', nowMs: NOW_MS } as const
    assert.equal((await store.revokeByUser(newcomer, { ...end, except: null })).length, 1)
    assert.equal(await store.deleteExpired(NOW_MS, 10), 0)
    await store.close()
  })
}

if (isChosen('postgres')) describe('PostgreSQL migrations', describeMigrations)
