import assert from 'node:assert/strict'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { postgresStore } from '@pawl/store-postgres'
import { Client } from 'pg'
import { describeFaults, type Ground } from '../../../../test/engines/trouble/describe-faults.ts'
import { sessionOf } from '../../../../test/engines/trouble/labelled-sessions.ts'
import { eventually, refused } from '../../../../test/engines/trouble/patience.ts'
import { testPooledFaults } from '../../../../test/engines/trouble/pooled-faults.ts'
import { readUrl } from '../../src/connection.ts'
import { openDatabase } from '../../src/database.ts'
import type { Statement } from '../../src/statement.ts'

async function connectTo(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

const rival = {
  knowsItsOwn: false,
  lockSessions: async ({ url }: { readonly url: string }) => {
    const client = await connectTo(url)
    await client.query('BEGIN; LOCK TABLE pawl_sessions')
    return async () => {
      await client.query('ROLLBACK')
      await client.end()
    }
  },
  forbidWrites: async ({ url }: { readonly url: string }) => {
    const client = await connectTo(url)
    await client.query('ALTER DATABASE pawl SET default_transaction_read_only = on')
    const undo = async () => {
      await client.query('SET default_transaction_read_only = off')
      await client.query('ALTER DATABASE pawl RESET default_transaction_read_only')
      await client.end()
    }
    return { url, undo }
  },
}

const readOne: Statement = { name: 'read_one', effect: 'none', text: 'SELECT 1' }

/** Where the server that calls go to is not the primary, or ceases to be it. */
function testStandby(ground: () => Ground): void {
  it('reads nothing from a standby, and goes on when that is promoted', async () => {
    const { engine, open, insertPatiently } = ground()
    const session = sessionOf('switched over')
    await insertPatiently(session)
    const signal = path.join(engine.socketFolder ?? '', 'data', 'standby.signal')
    writeFileSync(signal, '')
    chmodSync(signal, 0o666)
    const store = open()
    try {
      await engine.restart()
      await refused(store.find(session), 'read-only')
      await refused(store.listRecords('key', 'app'), 'read-only')
      const admin = await connectTo(engine.url)
      assert.equal(
        (await admin.query('SELECT pg_is_in_recovery()')).rows[0].pg_is_in_recovery,
        true,
      )
      await admin.query('SELECT pg_promote()')
      await admin.end()
      assert.deepEqual(await eventually(() => store.find(session)), session)
    } finally {
      rmSync(signal, { force: true })
    }
    await store.close()
  })

  it('asks a connection that is open again, and leaves a server that ceased to write', async () => {
    const { engine } = ground()
    const { config } = readUrl(engine.url)
    const bounds = { poolMax: 1, acquireTimeoutMs: 3000, statementTimeoutMs: 5000 }
    const db = openDatabase({ config, schema: null, ...bounds, recheckMs: 0 })
    const admin = await connectTo(engine.url)
    const setServer = async (value: string) => {
      await admin.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`)
      await admin.query('SELECT pg_reload_conf()')
    }
    assert.deepEqual(await db.run(readOne), [[1]])
    await setServer('on')
    await eventuallyRefused(() => db.run(readOne))
    await admin.query('SET default_transaction_read_only = off')
    await setServer('DEFAULT')
    await eventually(() => db.run(readOne))
    await admin.end()
    await db.close()
  })
}

/** The signal to read the configuration again comes to each connection in its own time. */
async function eventuallyRefused(call: () => Promise<unknown>): Promise<void> {
  const untilMs = performance.now() + 5000
  while (performance.now() < untilMs) {
    const error = await call().catch((cause: unknown) => cause)
    if ((error as { kind?: unknown }).kind === 'read-only') return
  }
  assert.fail('it was answered for seconds')
}

describeFaults({
  engine: 'postgres',
  title: 'PostgreSQL',
  open: (url, { answerMs = 5000, connectMs = 3000, connectionsMax = 8 }) =>
    postgresStore({
      url,
      statementTimeoutMs: answerMs,
      acquireTimeoutMs: connectMs,
      poolMax: connectionsMax,
    }),
  own: [testPooledFaults(rival), testStandby],
})
