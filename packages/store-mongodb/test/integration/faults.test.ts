import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Session, Store } from '@pawl/core'
import { mongodbStore } from '@pawl/store-mongodb'
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
  const opened: Store[] = []
  const open = (options: Partial<Parameters<typeof mongodbStore>[0]> = {}) => {
    const url = proxy.through(engine.url)
    const store = mongodbStore({ url, connectTimeoutMs: 1000, ...options })
    opened.push(store)
    return store
  }

  const insertPatiently = async (session: Session) => {
    const store = open({ answerTimeoutMs: 60_000, connectTimeoutMs: 60_000 })
    await store.insert(session, null)
    await store.close()
  }

  before(async () => {
    engine = await startEngine('mongodb')
    proxy = await startProxy(engine)
    const store = mongodbStore({ url: engine.url })
    await store.migrate()
    await store.close()
  })
  after(async () => {
    // A test that failed has not closed its store, which would watch for its server for ever.
    await Promise.all(opened.map((store) => store.close()))
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
    const key = { kind: 'app', app: 'any', id: 'any' }
    const calls = Array.from({ length: 2001 }, () => store.findRecord(key))
    await refused(calls.at(-1) as Promise<unknown>, 'unavailable')
    proxy.flow()
    await Promise.allSettled(calls)
    assert.deepEqual(await eventually(() => store.find(session)), session)
    await store.close()
  })
}

if (isChosen('mongodb')) describe('MongoDB in trouble', describeFaults)
