import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AppId } from '@pawl/core'
import { keptFresh } from '../src/kept-fresh.ts'

const app = 'default' as AppId
const RELOAD_MS = 5_000

/** A value that is counted up at each read, by a store that may hang or fail. */
function countedReads() {
  const troubles: unknown[] = []
  const state = { nowMs: 0, reads: 0, troubles, hang: Promise.resolve(), isDown: false }
  const fresh = keptFresh<number>({
    async read() {
      state.reads += 1
      const count = state.reads
      await state.hang
      if (state.isDown) throw new Error('down')
      return count
    },
    nowMs: () => state.nowMs,
    reloadMsOf: () => RELOAD_MS,
    onTrouble: (error) => void troubles.push(error),
  })
  return { state, fresh }
}

describe('a value that is kept fresh', () => {
  it('is read ahead of its time, and nobody waits for that', async () => {
    const { state, fresh } = countedReads()
    assert.equal(await fresh.get(app), 1)
    state.nowMs = 2_499
    assert.equal(fresh.get(app), 1)
    assert.equal(state.reads, 1)
    state.nowMs = 4_999
    assert.equal(fresh.get(app), 1)
    assert.equal(fresh.get(app), 1)
    assert.equal(await fresh.getWithin(app, 1_000), 2)
    assert.equal(state.reads, 2)
  })

  it('is never given out older than its time by a store that answers', async () => {
    const { state, fresh } = countedReads()
    await fresh.get(app)
    state.nowMs = 3_600_000
    assert.equal(await fresh.get(app), 2)
    state.nowMs = -3_600_000
    assert.equal(await fresh.get(app), 3)
  })

  it('is waited for once, and shortly, by a store that hangs', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { state, fresh } = countedReads()
    await fresh.get(app)
    const { promise, resolve } = Promise.withResolvers<void>()
    state.hang = promise
    state.nowMs = RELOAD_MS
    const waiting = fresh.get(app)
    assert.notEqual(waiting, 1)
    t.mock.timers.tick(500)
    assert.equal(await waiting, 1)
    assert.equal(fresh.get(app), 1)
    assert.equal(state.reads, 2)
    resolve()
    assert.equal(await fresh.getWithin(app, 1_000), 2)
  })

  it('stays in use while it cannot be read, told once, and nobody waits for the next try', async () => {
    const { state, fresh } = countedReads()
    await fresh.get(app)
    state.isDown = true
    state.nowMs = RELOAD_MS
    assert.equal(await fresh.get(app), 1)
    state.nowMs = RELOAD_MS * 2
    assert.equal(fresh.get(app), 1)
    assert.equal(await fresh.getWithin(app, 1_000), 1)
    assert.equal(state.troubles.length, 1)
    assert.equal(state.reads, 3)
    state.isDown = false
    assert.equal(await fresh.reload(app), 4)
    state.isDown = true
    assert.equal(await fresh.reload(app), 4)
    assert.equal(state.troubles.length, 2)
  })

  it('is asked for in vain while it was never read', async () => {
    const { state, fresh } = countedReads()
    state.isDown = true
    await assert.rejects(async () => fresh.get(app), /down/)
    await assert.rejects(fresh.reload(app), /down/)
    state.isDown = false
    assert.equal(await fresh.get(app), 3)
  })

  it('is read anew on demand, though a read is under way', async () => {
    const { state, fresh } = countedReads()
    const first = fresh.get(app)
    assert.equal(await fresh.reload(app), 2)
    assert.equal(await first, 1)
    assert.equal(state.reads, 2)
  })
})
