import assert from 'node:assert/strict'
import { it } from 'node:test'
import { redisStore } from '@pawl/store-redis'
import { createClient } from '@redis/client'
import { describeFaults, type Ground } from '../../../../test/engines/trouble/describe-faults.ts'
import { rotationOf, sessionOf } from '../../../../test/engines/trouble/labelled-sessions.ts'
import { eventually, refused } from '../../../../test/engines/trouble/patience.ts'
import { testSingleLineFaults } from '../../../../test/engines/trouble/single-line-faults.ts'

/** What an operator, or the server by itself, does to a store on it. */
function testOperatedServer(ground: () => Ground): void {
  it('goes on when the server has forgotten the scripts', async () => {
    const store = ground().open()
    const session = sessionOf('forgotten')
    await store.insert(session, null)
    const admin = await createClient({ url: ground().engine.url }).connect()
    await admin.scriptFlush()
    assert.equal((await store.rotate(session, rotationOf('forgotten', 0)))?.advanced, true)
    await admin.close()
    await store.close()
  })

  it('says read-only when the memory is full, and still reads', async () => {
    const store = ground().open()
    const session = sessionOf('full')
    await store.insert(session, null)
    const admin = await createClient({ url: ground().engine.url }).connect()
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
    const store = ground().open()
    const session = sessionOf('turned away')
    await store.insert(session, null)
    const admin = await createClient({ url: ground().engine.url }).connect()
    await admin.configSet('maxclients', '1')
    ground().proxy.cut()
    await refused(store.find(session), 'unavailable')
    await refused(store.rotate(session, rotationOf('turned away', 0)), 'unavailable')
    await admin.configSet('maxclients', '10000')
    assert.deepEqual(await eventually(() => store.find(session)), session)
    await admin.close()
    await store.close()
  })

  it('leaves a server that has become a replica', async () => {
    const store = ground().open()
    await store.ping()
    const admin = await createClient({ url: ground().engine.url }).connect()
    await admin.replicaOf('127.0.0.1', 1)
    await refused(store.insert(sessionOf('replica'), null), 'read-only')
    await refused(store.find(sessionOf('replica')), 'read-only')
    await admin.sendCommand(['REPLICAOF', 'NO', 'ONE'])
    assert.equal(await eventually(() => store.find(sessionOf('replica'))), undefined)
    await admin.close()
    await store.close()
  })
}

describeFaults({
  engine: 'redis',
  title: 'Redis',
  open: (url, { answerMs = 5000, connectMs = 3000 }) =>
    redisStore({ url, answerTimeoutMs: answerMs, connectTimeoutMs: connectMs }),
  own: [
    testSingleLineFaults({ waitingMax: 10_000, ask: (store, session) => store.find(session) }),
    testOperatedServer,
  ],
})
