import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreError } from '@pawl/core'
import { laterQueue, type Pause } from '../src/later.ts'

/** Pauses that are over at once, and what they were. */
function notedPauses() {
  const pausesMs: number[] = []
  const pause: Pause = async (ms) => pausesMs.push(ms)
  return { pausesMs, pause }
}

const away = () => Promise.reject(new StoreError('unavailable', 'away'))

test('what fails is tried again, and is done then', async () => {
  const { pausesMs, pause } = notedPauses()
  const troubles: unknown[] = []
  const queue = laterQueue((error) => troubles.push(error), pause)
  const done = Promise.withResolvers<void>()
  let attempts = 0
  queue.later('a thing', async () => {
    attempts += 1
    if (attempts < 3) await away()
    done.resolve()
  })
  await done.promise
  assert.deepEqual(pausesMs, [500, 2_000, 10_000])
  await queue.close()
  assert.deepEqual(troubles, [])
})

test('what goes on failing is given up and reported, and a fault of the program at once', async () => {
  const { pausesMs, pause } = notedPauses()
  const reported = Promise.withResolvers<unknown>()
  laterQueue(reported.resolve, pause).later('a thing', away)
  assert.match(String(await reported.promise), /given up: a thing/)
  assert.equal(pausesMs.length, 4)
  const atOnce = Promise.withResolvers<unknown>()
  laterQueue(atOnce.resolve, pause).later('a thing', () => Promise.reject(new TypeError('no')))
  await atOnce.promise
  assert.equal(pausesMs.length, 5)
})

test('what waits when all is closed is not done, and too much at a time is refused', async () => {
  const troubles: unknown[] = []
  const queue = laterQueue((error) => troubles.push(error))
  let isDone = false
  const work = async () => {
    isDone = true
  }
  for (let index = 0; index < 1_001; index += 1) queue.later(`thing ${index}`, work)
  assert.deepEqual(troubles.map(String), ['Error: given up, since too much is open: thing 1000'])
  await queue.close()
  queue.later('too late', work)
  assert.equal(isDone, false)
})
