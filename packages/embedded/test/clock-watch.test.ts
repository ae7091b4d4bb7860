import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EpochMs } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { watchClock } from '../src/clock-watch.ts'
import { steadyClock } from '../src/steady-clock.ts'
import { manualClock } from './manual-clock.ts'

describe('the watch over clocks', () => {
  it('warns of a clock that is apart from that of the store, once an hour', async () => {
    const wall = manualClock()
    const troubles: string[] = []
    const clockMs = async () => (wall.nowMs() - 7_000) as EpochMs
    const store = { ...memoryStore(), clockMs }
    const clock = steadyClock(wall, () => 0)
    const onTrouble = (error: unknown) => troubles.push(String(error))
    const watch = await watchClock({ store, wall, clock, onTrouble })
    await watch.look()
    assert.equal(troubles.length, 1)
    assert.match(troubles[0] ?? '', /7 s ahead of the clock of the store/)
    await watch.stop()
  })

  it('starts from the latest time of the store, but not from one a day ahead', async () => {
    const store = memoryStore()
    const wall = manualClock()
    const troubles: string[] = []
    const start = async () => {
      const clock = steadyClock(wall, () => 0)
      const onTrouble = (error: unknown) => troubles.push(String(error))
      await (await watchClock({ store, wall, clock, onTrouble })).stop()
      return clock.nowMs()
    }
    const latestMs = await start()
    wall.advance(-3_600_000)
    assert.equal(await start(), latestMs)
    wall.advance(-86_400_000)
    assert.equal(await start(), wall.nowMs())
    assert.match(troubles.join(), /set back by 3600 s.*90000 s later/s)
  })
})
