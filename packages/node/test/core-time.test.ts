import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeCoreTime } from '../src/core-time.ts'

const HOUR_MS = 3_600_000

/** A machine whose clocks the test moves, and a core that it may hear. */
function setUp(coreMs = 1_000_000_000) {
  const at = { wall: coreMs, elapsed: 10, core: coreMs }
  const faults: string[] = []
  const time = makeCoreTime({
    wallMs: () => at.wall,
    elapsedMs: () => at.elapsed,
    reportFault: ({ message }) => faults.push(message),
  })
  const pass = (ms: number): void => {
    at.wall += ms
    at.elapsed += ms
    at.core += ms
  }
  const hear = (): void => time.hear(at.core)
  return { at, time, faults, pass, hear, offMs: () => time.nowMs() - at.core }
}

test('without a core the time never goes back, and a lead is paid back', () => {
  const { at, time, pass } = setUp()
  time.nowMs()
  for (let calls = 0; calls < 100; calls++) {
    pass(500)
    assert.equal(time.nowMs(), at.wall)
  }
  const startMs = time.nowMs()
  at.wall -= HOUR_MS
  assert.equal(time.nowMs(), startMs)
  pass(1_500)
  assert.equal(time.nowMs(), startMs + 750)
  pass(1)
  assert.equal(time.nowMs(), startMs + 750)
  pass(2 * HOUR_MS - 1_501)
  assert.equal(time.nowMs(), startMs + HOUR_MS)
  assert.equal(time.nowMs(), at.wall)
  pass(1_000)
  assert.equal(time.nowMs(), at.wall)
})

test('a machine that is ahead or behind goes by the time of the core, and says so once', () => {
  for (const offMs of [2 * HOUR_MS, -2 * HOUR_MS]) {
    const { at, time, faults, pass, hear, offMs: isOff } = setUp()
    at.wall += offMs
    assert.equal(time.isKnown, false)
    assert.equal(isOff(), offMs)
    hear()
    assert.equal(time.isKnown, true)
    for (const ms of [0, 1_000, 1_000, 60_000]) {
      pass(ms)
      assert.equal(isOff(), 0)
      hear()
    }
    assert.equal(faults.length, 1)
    assert.match(faults[0] ?? '', /is 7200 s (ahead of|behind) the core's/)
  }
})

test('the core is late by what its word takes: near what was expected it changes nothing', () => {
  const { at, time, faults, pass, offMs } = setUp()
  for (const lateMs of [0, 800, 4_900, 1_200]) {
    pass(1_000)
    time.hear(at.core - lateMs)
    assert.equal(offMs(), 0)
  }
  assert.deepEqual(faults, [])
})

test('a step of the wall clock changes nothing while the core is heard', () => {
  for (const stepMs of [2 * HOUR_MS, -2 * HOUR_MS]) {
    const { at, pass, hear, faults, offMs } = setUp()
    hear()
    at.wall += stepMs
    pass(1_000)
    assert.equal(offMs(), 0)
    hear()
    assert.equal(faults.length, 1)
    pass(HOUR_MS)
    assert.equal(offMs(), 0)
  }
})

test('a machine that slept goes by its wall clock before the core is heard again', () => {
  const { at, pass, hear, offMs } = setUp()
  hear()
  at.wall += 8 * HOUR_MS
  at.core += 8 * HOUR_MS
  pass(5_000)
  assert.equal(offMs(), 0)
})

test('a core whose time was put right is followed at once, and one that is a little late in time', () => {
  const { at, pass, hear, time, offMs } = setUp()
  at.core += 2 * HOUR_MS
  hear()
  assert.equal(offMs(), 0)
  at.core -= 2 * HOUR_MS
  pass(1_000)
  hear()
  assert.equal(offMs(), 0)
  const beforeMs = time.nowMs()
  at.core -= 20_000
  hear()
  assert.equal(time.nowMs(), beforeMs)
  pass(10_000)
  hear()
  assert.equal(offMs(), 15_000)
  pass(30_000)
  assert.equal(offMs(), 0)
})

test('whole milliseconds only', () => {
  const { pass, hear, time } = setUp()
  hear()
  pass(0.7)
  assert.ok(Number.isInteger(time.nowMs()))
})

test('a core that does not say a number is not heard: tokens still expire', () => {
  const { at, time, pass } = setUp()
  for (const said of [Number.NaN, Number.POSITIVE_INFINITY]) time.hear(said)
  assert.equal(time.isKnown, false)
  pass(1_000)
  assert.equal(time.nowMs(), at.wall)
})
