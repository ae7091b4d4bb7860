import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OBSERVED_LEAD_MAX_MS, steadyClock } from '../src/steady-clock.ts'
import { manualClock } from './manual-clock.ts'

describe('a steady clock', () => {
  it('follows the wall clock, and goes on by itself when that is set back', () => {
    const wall = manualClock()
    let elapsedMs = 500
    const clock = steadyClock(wall, () => elapsedMs)
    const startMs = clock.nowMs()
    assert.equal(startMs, wall.nowMs())
    wall.advance(10_000)
    elapsedMs += 10_000
    assert.equal(clock.nowMs(), startMs + 10_000)
    wall.advance(-3_600_000)
    assert.equal(clock.nowMs(), startMs + 10_000)
    elapsedMs += 250.7
    assert.equal(clock.nowMs(), startMs + 10_250)
    elapsedMs += 0.4
    assert.equal(clock.nowMs(), startMs + 10_251)
    assert.equal(clock.leadMs() > 3_599_000, true)
    wall.advance(7_200_000)
    assert.equal(clock.nowMs(), wall.nowMs())
    assert.equal(clock.leadMs(), 0)
  })

  it('is never before a time that was stored, unless that is too far ahead to be believed', () => {
    const wall = manualClock()
    const clock = steadyClock(wall, () => 0)
    const startMs = clock.nowMs()
    clock.observe(startMs + OBSERVED_LEAD_MAX_MS)
    assert.equal(clock.nowMs(), startMs + OBSERVED_LEAD_MAX_MS)
    clock.observe(startMs + OBSERVED_LEAD_MAX_MS + 1)
    assert.equal(clock.nowMs(), startMs + OBSERVED_LEAD_MAX_MS)
    clock.observe(startMs)
    assert.equal(clock.nowMs(), startMs + OBSERVED_LEAD_MAX_MS)
  })
})
