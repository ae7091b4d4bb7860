import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sparingLook } from '../src/sparing-look.ts'

function setUp() {
  const waiting: PromiseWithResolvers<void>[] = []
  let nowMs = 0
  const begin = (): Promise<void> => {
    const one = Promise.withResolvers<void>()
    waiting.push(one)
    return one.promise
  }
  const look = sparingLook(begin, () => nowMs)
  return {
    look,
    waiting,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

test('all who ask meanwhile share a look, and within a second nobody begins another', async () => {
  const { look, waiting, pass } = setUp()
  const asked = [look(), look(), look()]
  assert.equal(waiting.length, 1)
  waiting[0]?.resolve()
  await Promise.all(asked)
  pass(999)
  await look()
  assert.equal(waiting.length, 1)
  pass(1)
  const next = look()
  assert.equal(waiting.length, 2)
  waiting[1]?.resolve()
  await next
})

test('a look that fails fails for all who shared it, and is done again at once', async () => {
  const { look, waiting } = setUp()
  const asked = Promise.allSettled([look(), look()])
  waiting[0]?.reject(new Error('cut'))
  assert.deepEqual(
    (await asked).map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  const again = look()
  assert.equal(waiting.length, 2)
  waiting[1]?.resolve()
  await again
})
