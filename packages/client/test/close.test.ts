import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setUp, setUpSignedIn } from './world/bench.ts'
import { FakeLock } from './world/fake-lock.ts'
import type { VirtualTime } from './world/virtual-time.ts'

/** Lets what is promised happen. */
async function turn(time: VirtualTime): Promise<void> {
  for (let round = 0; round < 20; round += 1) await Promise.resolve()
  time.pass(200)
  for (let round = 0; round < 20; round += 1) await Promise.resolve()
}

describe('an engine that is closed', { timeout: 10_000 }, () => {
  it('before it gets the lock leaves it to the others', async () => {
    const lock = new FakeLock()
    const { engine, time } = setUp({ holdsTokens: false }, lock)
    const other = Promise.withResolvers<void>()
    lock.queue.length = 0
    void lock.hold(undefined, () => other.promise)
    engine.close()
    other.resolve()
    await turn(time)
    assert.equal(lock.queue.length, 0)
  })

  it('while it waits for the lock does not take it away later', async () => {
    const lock = new FakeLock()
    const { openTab, time, engine: first } = setUp({ holdsTokens: false }, lock)
    await turn(time)
    first.close()
    await turn(time)
    const other = Promise.withResolvers<void>()
    const holding = lock.hold(undefined, () => other.promise)
    const { engine } = openTab()
    await turn(time)
    assert.equal(lock.queue.length, 2)
    engine.close()
    time.pass(60_000)
    await turn(time)
    assert.equal(lock.queue.length, 1)
    other.resolve()
    await holding
  })

  it('leaves room for one that is started after it', async () => {
    const { engine, openTab, time } = setUp({ holdsTokens: false }, new FakeLock())
    engine.close()
    const { engine: next } = openTab()
    const settled = next.settle()
    await turn(time)
    assert.equal(await settled, 'done')
    assert.equal(next.get().kind, 'none')
  })

  it('during a refresh keeps the lock until the new tokens have been written down', async () => {
    const lock = new FakeLock()
    const bench = await setUpSignedIn(lock)
    const { engine, sessions, time, openTab } = bench
    const gate = Promise.withResolvers<void>()
    bench.gate = gate.promise
    const refreshed = engine.refresh()
    await turn(time)
    assert.equal(sessions.refreshes.length, 1)
    engine.close()
    assert.equal(await refreshed, 'trouble')
    await turn(time)
    assert.equal(lock.queue.length, 1)
    bench.gate = undefined
    gate.resolve()
    await turn(time)
    assert.equal(lock.queue.length, 0)
    const next = openTab()
    const state = next.engine.get()
    assert.ok(state.kind === 'active' && state.info.generation === 1)
    assert.equal(await Promise.race([next.engine.refresh(), turn(time).then(() => 'late')]), 'done')
    assert.equal(sessions.thefts, 0)
  })
})

describe('a lock that cannot be had', { timeout: 10_000 }, () => {
  it('since its holder was stopped is taken away after half the race window', async () => {
    const lock = new FakeLock()
    const bench = await setUpSignedIn(lock)
    const { engine, time } = bench
    void lock.hold(undefined, () => new Promise(() => {})).catch(() => {})
    const refreshed = engine.refresh()
    await turn(time)
    time.pass(29_000)
    await turn(time)
    assert.equal(bench.sent.length, 0)
    time.pass(8_500)
    await turn(time)
    assert.equal(await refreshed, 'done')
    assert.equal(lock.queue.length, 0)
  })

  it('at all does not keep the session from being refreshed', async () => {
    const lock = new FakeLock()
    const { engine, time } = await setUpSignedIn(lock)
    lock.hold = () => Promise.reject(new DOMException('denied', 'SecurityError'))
    const refreshed = engine.refresh()
    await turn(time)
    assert.equal(await refreshed, 'done')
  })

  it('any more, for another tab has taken it away, is not taken back', async () => {
    const lock = new FakeLock()
    const bench = await setUpSignedIn(lock)
    const { engine, time } = bench
    const gate = Promise.withResolvers<void>()
    bench.gate = gate.promise
    const refreshed = engine.refresh()
    await turn(time)
    const other = Promise.withResolvers<void>()
    const holding = lock.hold(undefined, () => other.promise)
    gate.resolve()
    await turn(time)
    assert.equal(await refreshed, 'done')
    assert.equal(lock.queue.length, 1)
    other.resolve()
    await holding
  })
})
