import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CLOCKS_AGREE_MS, OBSERVED_LEAD_MAX_MS, steadyClock } from '../src/steady-clock.ts'
import { manualClock } from './manual-clock.ts'

const HOUR_MS = 3_600_000

/** A wall clock and a monotonic one that run together, and a steady clock over them. */
function setUp() {
  const wall = manualClock()
  let elapsedMs = 500
  return {
    wall,
    clock: steadyClock(wall, () => elapsedMs),
    pass: (ms: number) => {
      elapsedMs += ms
      wall.advance(ms)
    },
  }
}

describe('a steady clock', () => {
  it('follows the wall clock, and goes on at half speed when that is set back', () => {
    const { wall, clock, pass } = setUp()
    const startMs = clock.nowMs()
    assert.equal(startMs, wall.nowMs())
    pass(10_000)
    assert.equal(clock.nowMs(), startMs + 10_000)
    wall.advance(-HOUR_MS)
    assert.equal(clock.nowMs(), startMs + 10_000)
    pass(250.7)
    assert.equal(clock.nowMs(), startMs + 10_125)
    pass(1.4)
    assert.equal(clock.nowMs(), startMs + 10_126)
    assert.equal(clock.leadMs() > HOUR_MS - 1_000, true)
  })

  it('is caught up by the wall clock after twice the time that it was ahead', () => {
    const { wall, clock, pass } = setUp()
    clock.nowMs()
    wall.advance(-HOUR_MS)
    let beforeMs = clock.nowMs()
    for (let minute = 0; minute < 119; minute++) {
      pass(60_000)
      assert.ok(clock.nowMs() > beforeMs)
      beforeMs = clock.nowMs()
      assert.ok(clock.leadMs() > 0)
    }
    pass(60_000)
    assert.equal(clock.leadMs(), 0)
    assert.equal(clock.nowMs(), wall.nowMs())
  })

  it('is never before a time that was stored, unless that is too far ahead to be believed', () => {
    const { clock } = setUp()
    const startMs = clock.nowMs()
    clock.observe(startMs + OBSERVED_LEAD_MAX_MS)
    assert.equal(clock.nowMs(), startMs + OBSERVED_LEAD_MAX_MS)
    clock.observe(startMs + OBSERVED_LEAD_MAX_MS + 1)
    assert.equal(clock.nowMs(), startMs + OBSERVED_LEAD_MAX_MS)
    clock.observe(startMs)
    assert.equal(clock.nowMs(), startMs + OBSERVED_LEAD_MAX_MS)
  })

  it('holds a step of the wall clock, ahead or back, until it is told what is right', () => {
    for (const stepMs of [15 * 24 * HOUR_MS, -2 * HOUR_MS]) {
      const { wall, clock, pass } = setUp()
      let steps = 0
      clock.holdSteps(() => {
        steps += 1
      })
      const startMs = clock.nowMs()
      wall.advance(stepMs)
      pass(1_000)
      assert.equal(clock.nowMs(), startMs + 1_000)
      assert.equal(clock.nowMs(), startMs + 1_000)
      assert.deepEqual([steps, clock.isHeld(), clock.leadMs()], [1, true, 0])
      clock.follow(wall.nowMs())
      assert.equal(clock.isHeld(), false)
      assert.equal(clock.nowMs(), Math.max(startMs + 1_000, wall.nowMs()))
    }
  })

  it('follows a wall clock that comes back by itself, and small steps at once', () => {
    const { wall, clock, pass } = setUp()
    clock.holdSteps(() => {})
    clock.nowMs()
    wall.advance(HOUR_MS)
    pass(1_000)
    clock.nowMs()
    assert.equal(clock.isHeld(), true)
    wall.advance(-HOUR_MS)
    pass(1_000)
    assert.equal(clock.nowMs(), wall.nowMs())
    assert.equal(clock.isHeld(), false)
    for (let step = 0; step < 4; step++) {
      wall.advance(CLOCKS_AGREE_MS)
      assert.equal(clock.nowMs(), wall.nowMs())
    }
    assert.equal(clock.isHeld(), false)
  })
})
