import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { memoryStore } from '@pawl/store-testkit'
import { watchClock } from '../src/clock-watch.ts'
import { findLatestTime, storeLatestTime } from '../src/latest-time.ts'
import { steadyClock } from '../src/steady-clock.ts'
import { manualClock } from './manual-clock.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A machine, a store, and true time, which both clocks show unless they are off. */
function setUp(t: TestContext, { hasClock = true, wallOffMs = 0 } = {}) {
  const truth = manualClock()
  const at = {
    ...{ wallOffMs, storeOffMs: 0, startMs: truth.nowMs() as number, fails: false },
    /** Happens while the store is asked. */
    meanwhile: () => {},
  }
  const store = memoryStore()
  const wall = { nowMs: () => (truth.nowMs() + at.wallOffMs) as ReturnType<typeof truth.nowMs> }
  const elapsedMs = () => truth.nowMs() - at.startMs
  const storeMs = async () => {
    if (at.fails) throw new Error('the store is away')
    at.meanwhile()
    return hasClock ? truth.nowMs() + at.storeOffMs : null
  }
  const troubles: string[] = []
  const onTrouble = (error: unknown) => troubles.push(String(error))
  /** Starts a core: a clock of its own and a watch over it. */
  async function start(isVisitor = false) {
    const clock = steadyClock(wall, elapsedMs)
    const watch = await watchClock({
      ...{ store, storeMs, wall, clock, elapsedMs, onTrouble, isVisitor },
    })
    t.after(() => watch.stop())
    return { clock, ...watch, offMs: () => clock.nowMs() - truth.nowMs() }
  }
  return { truth, at, store, troubles, start }
}

describe('the watch over clocks', () => {
  it('warns of a clock that is apart from that of the store, once an hour', async (t) => {
    const { start, troubles, truth } = setUp(t, { wallOffMs: 7_000 })
    const core = await start()
    await core.look()
    assert.equal(troubles.length, 1)
    assert.match(troubles[0] ?? '', /7 s ahead of the clock of the store/)
    assert.equal(core.fault(), null)
    truth.advance(HOUR_MS)
    await core.look()
    assert.equal(troubles.length, 2)
  })

  it('starts from the latest time of a store without a clock, but not from one a day ahead', async (t) => {
    const { start, at, troubles, truth } = setUp(t, { hasClock: false })
    const first = await start()
    const latestMs = first.clock.nowMs()
    await first.stop()
    at.wallOffMs = -HOUR_MS
    const second = await start()
    assert.equal(second.clock.nowMs(), latestMs)
    await second.stop()
    at.wallOffMs = -HOUR_MS - DAY_MS - 1
    const third = await start()
    assert.equal(third.clock.nowMs(), truth.nowMs() + at.wallOffMs)
    assert.match(troubles.join(), /set back by 3600 s.*90000 s later/s)
  })

  it('follows a step of the wall clock at once where nothing speaks against it', async (t) => {
    const { start, at } = setUp(t, { hasClock: false })
    const core = await start()
    at.wallOffMs = 3 * HOUR_MS
    assert.equal(core.offMs(), 3 * HOUR_MS)
    assert.equal(core.fault(), null)
  })
})

describe('a store with a clock', () => {
  it('refutes a stored time that is ahead, which does not live on', async (t) => {
    const { start, store, troubles, truth } = setUp(t)
    await storeLatestTime(store, truth.nowMs() + 3 * HOUR_MS, 0)
    const core = await start()
    assert.equal(core.offMs(), 0)
    assert.equal(core.fault(), null)
    assert.equal(await findLatestTime(store), truth.nowMs())
    assert.match(troubles.join(), /10800 s ahead has used this store/)
  })

  it('speaks with a stored time against the wall clock of a machine that starts', async (t) => {
    for (const wallOffMs of [15 * DAY_MS, -2 * HOUR_MS]) {
      const { start, at, store, troubles, truth } = setUp(t, { wallOffMs })
      await storeLatestTime(store, truth.nowMs() - MINUTE_MS, 0)
      const core = await start()
      assert.deepEqual([core.offMs(), core.fault()], [0, null])
      assert.match(troubles.join(), /the clock of this machine is \d+ s (ahead|behind)/)
      truth.advance(HOUR_MS)
      await core.look()
      assert.deepEqual([core.offMs(), core.fault()], [0, null])
      assert.equal(await findLatestTime(store), truth.nowMs())
      // NTP puts it right.
      at.wallOffMs = 0
      assert.deepEqual([core.offMs(), core.fault()], [0, null])
      await core.stop()
    }
  })

  it('alone against the wall clock settles nothing: a fault, and normal again by itself', async (t) => {
    const { start, at, store, truth, troubles } = setUp(t, { wallOffMs: 15 * DAY_MS })
    const core = await start()
    assert.match(core.fault() ?? '', /1296000 s ahead of the clock of the store/)
    assert.match(troubles.join(), /what needs the time is refused/)
    assert.equal(await findLatestTime(store), undefined)
    at.wallOffMs = 0
    core.clock.nowMs()
    for (const passMs of [5_000, 5_000, MINUTE_MS]) {
      assert.notEqual(core.fault(), null)
      truth.advance(passMs)
      await core.look()
    }
    assert.deepEqual([core.fault(), core.offMs()], [null, 0])
    assert.equal(await findLatestTime(store), truth.nowMs())
  })

  it('is not misled by a step while it asks the store', async (t) => {
    for (const stepMs of [HOUR_MS, -HOUR_MS]) {
      const { start, at } = setUp(t)
      const core = await start()
      at.meanwhile = () => {
        at.wallOffMs = stepMs
      }
      await core.look()
      assert.deepEqual([core.offMs(), core.fault()], [0, null])
    }
  })

  it('decides about a step of the wall clock; until it has, nothing is decided', async (t) => {
    const { start, at, truth } = setUp(t)
    const core = await start()
    // A wrong one, which stays.
    at.wallOffMs = 15 * DAY_MS
    assert.equal(core.offMs(), 0)
    assert.match(core.fault() ?? '', /has stepped/)
    await core.look()
    assert.deepEqual([core.fault(), core.offMs()], [null, 0])
    truth.advance(MINUTE_MS)
    await core.look()
    assert.deepEqual([core.fault(), core.offMs()], [null, 0])
    // A right one: the machine slept, and its monotonic clock with it.
    at.wallOffMs = 0
    core.clock.nowMs()
    at.startMs += 8 * HOUR_MS
    truth.advance(8 * HOUR_MS)
    assert.equal(core.offMs(), -8 * HOUR_MS)
    assert.match(core.fault() ?? '', /has stepped/)
    await core.look()
    assert.deepEqual([core.fault(), core.offMs()], [null, 0])
  })

  it('is asked again while it does not answer: what is not known stays a fault', async (t) => {
    const { start, at } = setUp(t)
    const core = await start()
    at.wallOffMs = -HOUR_MS
    core.clock.nowMs()
    at.fails = true
    await assert.rejects(core.look())
    assert.match(core.fault() ?? '', /has stepped/)
    at.fails = false
    await core.look()
    assert.deepEqual([core.fault(), core.offMs()], [null, 0])
  })

  it('that is off itself is a fault of every core, until it is put right', async (t) => {
    const { start, at } = setUp(t)
    const core = await start()
    at.storeOffMs = -31_000
    await core.look()
    assert.match(core.fault() ?? '', /31 s ahead of the clock of the store/)
    at.storeOffMs = 0
    await core.look()
    assert.equal(core.fault(), null)
  })

  it('put back together with the machine: the core goes back after a minute of refusing', async (t) => {
    const { start, at, truth } = setUp(t, { wallOffMs: 2 * HOUR_MS })
    at.storeOffMs = 2 * HOUR_MS
    const core = await start()
    assert.equal(core.fault(), null)
    at.storeOffMs = 0
    at.wallOffMs = 0
    await core.look()
    assert.match(core.fault() ?? '', /7200 s ahead/)
    truth.advance(MINUTE_MS)
    await core.look()
    assert.deepEqual([core.fault(), core.offMs()], [null, 0])
  })
})

describe('a visitor', () => {
  it('neither believes nor leaves a time, and is told of a clock that is wrong', async (t) => {
    const { start, at, store, truth } = setUp(t)
    await storeLatestTime(store, truth.nowMs() + 10_000, 0)
    at.wallOffMs = 3 * HOUR_MS
    const visitor = await start(true)
    assert.match(visitor.fault() ?? '', /10800 s ahead/)
    await visitor.look()
    await visitor.stop()
    assert.equal(await findLatestTime(store), truth.nowMs() + 10_000)
  })
})
