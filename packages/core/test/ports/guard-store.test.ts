import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EpochMs, guardStore, isStoreError, type StoreMethods } from '@pawl/core'

function makeStore(steps: Partial<StoreMethods>) {
  const released: string[] = []
  const release = async () => {
    released.push('released')
  }
  const frame = { engine: 'any', title: 'Any', isEmbedded: false, release }
  return { store: guardStore(frame, steps as StoreMethods), released }
}

describe('guardStore', () => {
  it('passes calls, answers and failures through', async () => {
    const failure = new Error('no')
    const { store } = makeStore({
      trimRevocations: async (beforeMs, limit) => beforeMs + limit,
      ping: () => Promise.reject(failure),
      migrate: () => {
        throw failure
      },
    })
    assert.equal(store.engine, 'any')
    assert.equal(await store.trimRevocations(40 as EpochMs, 2), 42)
    await assert.rejects(store.ping(), failure)
    await assert.rejects(store.migrate(), failure)
  })

  it('releases at once when nothing is under way, and only once', async () => {
    const { store, released } = makeStore({})
    await Promise.all([store.close(), store.close()])
    await store.close()
    assert.deepEqual(released, ['released'])
  })

  it('releases after the last call under way has ended, well or badly', async () => {
    const good = Promise.withResolvers<void>()
    const bad = Promise.withResolvers<void>()
    const { store, released } = makeStore({ ping: () => good.promise, migrate: () => bad.promise })
    const pinged = store.ping()
    const migrated = store.migrate()
    const closed = store.close()
    good.resolve()
    await pinged
    assert.deepEqual(released, [])
    bad.reject(new Error('no'))
    await assert.rejects(migrated)
    await closed
    assert.deepEqual(released, ['released'])
  })

  it('refuses calls once it was closed', async () => {
    const { store } = makeStore({ ping: async () => {} })
    const closed = store.close()
    await assert.rejects(store.ping(), (error) => isStoreError(error) && error.kind === 'closed')
    await closed
    await assert.rejects(store.ping(), /the Any store is closed/)
  })
})
