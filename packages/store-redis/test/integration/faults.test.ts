import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Session } from '@pawl/core'
import { redisStore } from '@pawl/store-redis'
import { createClient } from '@redis/client'
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
  const open = (options: Partial<Parameters<typeof redisStore>[0]> = {}) =>
    redisStore({ url: proxy.through(engine.url), answerTimeoutMs: 5000, ...options })

  const insertPatiently = async (session: Session) => {
    const store = open({ answerTimeoutMs: 60_000, connectTimeoutMs: 60_000 })
    await store.insert(session, null)
    await store.close()
  }

  before(async () => {
    engine = await startEngine('redis')
    proxy = await startProxy(engine)
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
    assert.equal(outcome?.advanced, false)
    assert.equal(outcome?.session.curHash2, hashOf('answer lost 1'))
    const other = sessionOf('insert lost')
    proxy.cutAtNextAnswer()
    await refused(store.insert(other, null), 'timeout')
    assert.deepEqual(await eventually(() => store.find(other)), other)
    await store.close()
  })

  it('gives up on a wire that stalls, in bounded time, and works when it flows', async () => {
    const store = open({ answerTimeoutMs: 300, connectTimeoutMs: 300 })
    const session = sessionOf('stalled')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    const startedAtMs = performance.now()
    proxy.stall()
    await refused(store.rotate(session, rotationOf('stalled', 0)), 'timeout')
    await refused(store.find(session), 'unavailable')
    assert.ok(performance.now() - startedAtMs < 10_000)
    proxy.flow()
    const row = await eventually(() => store.find(session))
    assert.ok(row !== undefined && row.generation <= 1)
    await store.close()
  })

  it('gives up on a server that hangs, and works when it goes on', async () => {
    const store = open({ answerTimeoutMs: 300, connectTimeoutMs: 300 })
    const session = sessionOf('hanging')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    engine.pause()
    await refused(store.find(session), 'timeout')
    await refused(store.find(session), 'unavailable')
    engine.resume()
    assert.deepEqual(await eventually(() => store.find(session)), session)
    await store.close()
  })

  it('refuses at once what is more than it may keep waiting', async () => {
    const store = open({ answerTimeoutMs: 1000 })
    const session = sessionOf('crowd')
    await insertPatiently(session)
    await eventually(() => store.find(session))
    proxy.stallAnswers()
    const calls = Array.from({ length: 10_001 }, () => store.find(session))
    await refused(calls.at(-1) as Promise<unknown>, 'unavailable')
    proxy.flow()
    await Promise.allSettled(calls)
    assert.deepEqual(await eventually(() => store.find(session)), session)
    await store.close()
  })

  it('goes on when the server has forgotten the scripts', async () => {
    const store = open()
    const session = sessionOf('forgotten')
    await store.insert(session, null)
    const admin = await createClient({ url: engine.url }).connect()
    await admin.scriptFlush()
    assert.equal((await store.rotate(session, rotationOf('forgotten', 0)))?.advanced, true)
    await admin.close()
    await store.close()
  })

  it('says read-only when the memory is full, and still reads', async () => {
    const store = open()
    const session = sessionOf('full')
    await store.insert(session, null)
    const admin = await createClient({ url: engine.url }).connect()
    await admin.configSet('maxmemory', '1')
    await refused(store.rotate(session, rotationOf('full', 0)), 'read-only')
    await refused(store.ping(), 'read-only')
    assert.deepEqual(await store.find(session), session)
    await admin.configSet('maxmemory', '0')
    assert.equal((await store.rotate(session, rotationOf('full', 0)))?.advanced, true)
    await admin.close()
    await store.close()
  })

  it('says unavailable when the server takes no more clients', async () => {
    const store = open()
    const session = sessionOf('turned away')
    await store.insert(session, null)
    const admin = await createClient({ url: engine.url }).connect()
    await admin.configSet('maxclients', '1')
    proxy.cut()
    await refused(store.find(session), 'unavailable')
    await refused(store.rotate(session, rotationOf('turned away', 0)), 'unavailable')
    await admin.configSet('maxclients', '10000')
    assert.deepEqual(await eventually(() => store.find(session)), session)
    await admin.close()
    await store.close()
  })

  it('leaves a server that has become a replica', async () => {
    const store = open()
    await store.ping()
    const admin = await createClient({ url: engine.url }).connect()
    await admin.replicaOf('127.0.0.1', 1)
    await refused(store.insert(sessionOf('replica'), null), 'read-only')
    await refused(store.find(sessionOf('replica')), 'read-only')
    await admin.sendCommand(['REPLICAOF', 'NO', 'ONE'])
    assert.equal(await eventually(() => store.find(sessionOf('replica'))), undefined)
    await admin.close()
    await store.close()
  })
}

if (isChosen('redis')) describe('Redis in trouble', describeFaults)
