import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Session } from '@pawl/core'
import { postgresStore } from '@pawl/store-postgres'
import { Client } from 'pg'
import {
  type Engine,
  isChosen,
  startEngine,
  startProxy,
  type TcpProxy,
} from '../../../../test/engines/index.ts'
import {
  hashOf,
  rotationOf,
  sessionOf,
} from '../../../../test/engines/trouble/labelled-sessions.ts'
import { eventually, refused } from '../../../../test/engines/trouble/patience.ts'
import { walkThroughCuts, walkThroughKills } from '../../../../test/engines/trouble/walk-through.ts'

function describeFaults(): void {
  let engine: Engine
  let proxy: TcpProxy
  const open = (options: Partial<Parameters<typeof postgresStore>[0]> = {}) =>
    postgresStore({ url: proxy.through(engine.url), statementTimeoutMs: 5000, ...options })
  const insertPatiently = async (session: Session) => {
    const store = open({ statementTimeoutMs: 60_000, acquireTimeoutMs: 60_000 })
    await store.insert(session, null)
    await store.close()
  }
  const rivalClient = async () => {
    const rival = new Client({ connectionString: engine.url })
    rival.on('error', () => {})
    await rival.connect()
    return rival
  }

  before(async () => {
    engine = await startEngine('postgres')
    proxy = await startProxy(engine)
    const store = open()
    await store.migrate()
    await store.close()
  })
  after(async () => {
    await proxy?.close()
    await engine?.stop()
  })

  it('loses no acknowledged rotation when the server is killed, and goes on by itself', async () => {
    const store = open()
    await walkThroughKills(store, engine)
    await store.close()
  })

  it('loses no acknowledged rotation when connections are cut again and again', async () => {
    const store = open()
    await walkThroughCuts(store, proxy)
    await store.close()
  })

  it('runs a rotation again whose answer was lost, and never an insert', async () => {
    const store = open()
    const session = sessionOf('answer lost')
    await store.insert(session, null)
    proxy.cutAtNextAnswer()
    const outcome = await store.rotate(session, rotationOf('answer lost', 0))
    assert.equal(outcome?.session.curHash2, hashOf('answer lost 1'))
    proxy.cutAtNextAnswer()
    assert.equal((await store.find(session))?.generation, 1)
    const other = sessionOf('insert lost')
    proxy.cutAtNextAnswer()
    await refused(store.insert(other, null), 'timeout')
    assert.deepEqual(await store.find(other), other)
    await store.close()
  })

  it('gives up on a wire that stalls, in bounded time, and works when it flows', async () => {
    const store = open({ statementTimeoutMs: 300 })
    const session = sessionOf('stalled')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    const startedAtMs = performance.now()
    proxy.stall()
    await refused(store.rotate(session, rotationOf('stalled', 0)), 'timeout')
    assert.ok(performance.now() - startedAtMs < 10_000)
    proxy.flow()
    const row = await eventually(() => store.find(session))
    assert.ok(row !== undefined && row.generation <= 1)
    await store.close()
  })

  it('says timeout when a statement takes too long, and nothing was written', async () => {
    const store = open({ statementTimeoutMs: 300 })
    const session = sessionOf('slow')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    const rival = await rivalClient()
    await rival.query('BEGIN; LOCK TABLE pawl_sessions')
    await refused(store.rotate(session, rotationOf('slow', 0)), 'timeout')
    await rival.query('ROLLBACK')
    await rival.end()
    assert.deepEqual(await eventually(() => store.find(session)), session)
    await store.close()
  })

  it('refuses within a bound when no connection is free, and takes calls again after it', async () => {
    const store = open({ poolMax: 1, acquireTimeoutMs: 500, statementTimeoutMs: 30_000 })
    const session = sessionOf('exhausted')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    const rival = await rivalClient()
    await rival.query('BEGIN; LOCK TABLE pawl_sessions')
    const held = store.updateData(session, { held: true })
    await refused(store.findRecord({ kind: 'x', app: '*', id: 'x' }), 'unavailable')
    await rival.query('ROLLBACK')
    await rival.end()
    assert.equal(await held, true)
    const key = { kind: 'x', app: '*', id: 'x' }
    assert.equal(await eventually(() => store.findRecord(key)), undefined)
    await store.close()
  })

  it('says read-only where it may not write, and sees by itself when it may again', async () => {
    const rival = await rivalClient()
    await rival.query('ALTER DATABASE pawl SET default_transaction_read_only = on')
    const store = open()
    const session = sessionOf('read-only')
    await refused(store.ping(), 'read-only')
    await refused(store.insert(session, null), 'read-only')
    assert.equal(await store.find(session), undefined)
    await rival.query('SET default_transaction_read_only = off')
    await rival.query('ALTER DATABASE pawl RESET default_transaction_read_only')
    await rival.end()
    await eventually(() => store.ping())
    assert.equal((await store.insert(session, null)).kind, 'inserted')
    await store.close()
  })

  it('says unavailable at once when nobody listens', async () => {
    const store = open()
    proxy.refuse()
    await refused(store.find(sessionOf('refused')), 'unavailable')
    proxy.flow()
    assert.equal(await eventually(() => store.find(sessionOf('refused'))), undefined)
    await store.close()
  })
}

if (isChosen('postgres')) describe('PostgreSQL in trouble', describeFaults)
