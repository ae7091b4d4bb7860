import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSteadyNow } from '../src/steady-now.ts'

test('the time of a driver never goes back, and goes on while the wall clock is behind', () => {
  const at = { wall: 1_000_000, elapsed: 10 }
  const now = makeSteadyNow(
    () => at.wall,
    () => at.elapsed,
  )
  assert.equal(now(), 1_000_000)
  at.wall -= 3_600
  assert.equal(now(), 1_000_000)
  at.elapsed += 1_500
  assert.equal(now(), 1_001_500)
  at.wall = 1_001_400
  assert.equal(now(), 1_001_500)
  at.wall = 1_002_000
  assert.equal(now(), 1_002_000)
  at.wall -= 10
  assert.equal(now(), 1_002_000)
})
