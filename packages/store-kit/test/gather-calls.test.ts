import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { isStoreError, StoreError } from '@pawl/core'
import { gatherCalls } from '../src/gather-calls.ts'

/** Batches that are answered by hand; a request's key is its first word, its size its length. */
function byHand(waitMaxMs = 60_000) {
  const batches: { requests: readonly string[]; answer: () => void; fail: (e: Error) => void }[] =
    []
  const ask = gatherCalls<string, string>({
    title: 'Any',
    keyOf: (request) => request.split(' ')[0] ?? '',
    size: { of: ({ length }) => length, max: 1_000_000 },
    waitMaxMs,
    run: (requests) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>()
      const answer = () => resolve(requests.map((request) => `${request}!`))
      batches.push({ requests, answer, fail: reject })
      return promise
    },
  })
  return { batches, ask, sizes: () => batches.map(({ requests }) => requests.length) }
}

describe('gathered calls', () => {
  it('sends a lone request at the end of the turn', async () => {
    const { batches, ask } = byHand()
    const answer = ask('a')
    await turn()
    assert.deepEqual(
      batches.map(({ requests }) => requests),
      [['a']],
    )
    batches[0]?.answer()
    assert.equal(await answer, 'a!')
  })

  it('sends the requests of one turn together, sorted, and answers each its own', async () => {
    const { batches, ask } = byHand()
    const answers = Promise.all(['c', 'a', 'b'].map(ask))
    await turn()
    assert.deepEqual(batches[0]?.requests, ['a', 'b', 'c'])
    batches[0]?.answer()
    assert.deepEqual(await answers, ['c!', 'a!', 'b!'])
  })

  it('has two batches under way at most, of 64 at most; the rest gathers', async () => {
    const { batches, ask, sizes } = byHand()
    const names = Array.from({ length: 200 }, (_, index) => String(index).padStart(3, '0'))
    const answers = Promise.all(names.map(ask))
    await turn()
    assert.deepEqual(sizes(), [64, 64])
    void ask('late')
    batches[0]?.answer()
    await turn()
    batches[1]?.answer()
    await turn()
    assert.deepEqual(sizes(), [64, 64, 64, 9])
    batches[2]?.answer()
    batches[3]?.answer()
    assert.equal((await answers).length, 200)
  })

  it('sends no more together than a batch may hold, and what is larger alone', async () => {
    const { batches, ask, sizes } = byHand()
    const lengths = [400_000, 400_000, 400_000, 2_000_000]
    const answers = lengths.map((length, index) => ask(`${index} `.padEnd(length, 'x')))
    await turn()
    assert.deepEqual(sizes(), [2, 1])
    batches[0]?.answer()
    batches[1]?.answer()
    await turn()
    assert.deepEqual(sizes(), [2, 1, 1])
    batches[2]?.answer()
    await Promise.all(answers)
  })

  it('never has two requests of one key in a batch, and keeps their order', async () => {
    const { batches, ask } = byHand()
    const answers = Promise.all(['a 1', 'a 2', 'b', 'a 3'].map(ask))
    await turn()
    assert.deepEqual(
      batches.map(({ requests }) => requests),
      [['a 1', 'b'], ['a 2']],
    )
    batches[0]?.answer()
    batches[1]?.answer()
    await turn()
    batches[2]?.answer()
    assert.deepEqual(await answers, ['a 1!', 'a 2!', 'b!', 'a 3!'])
  })

  it('sends requests alone when one of them spoils their batch', async () => {
    const { batches, ask } = byHand()
    const answers = Promise.allSettled(['a', 'b'].map(ask))
    await turn()
    batches[0]?.fail(new Error('a value that is none'))
    await turn()
    batches[1]?.fail(new Error('a value that is none'))
    await turn()
    batches[2]?.answer()
    assert.deepEqual(
      (await answers).map(({ status }) => status),
      ['rejected', 'fulfilled'],
    )
  })

  it('tells every request of a batch when the database fails, and goes on', async () => {
    const { batches, ask } = byHand()
    const answers = Promise.allSettled(['a', 'b'].map(ask))
    await turn()
    batches[0]?.fail(new StoreError('unavailable', 'no'))
    assert.deepEqual(
      (await answers).map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    const next = ask('c')
    await turn()
    batches[1]?.answer()
    assert.equal(await next, 'c!')
  })

  it('refuses what has waited too long, and what is too much to keep', async () => {
    const { batches, ask } = byHand(0)
    const crowd = Array.from({ length: 10_001 }, (_, index) => ask(String(index)))
    const settled = Promise.allSettled(crowd)
    await assert.rejects(crowd.at(-1) as Promise<string>, isStoreError)
    await turn()
    assert.equal(batches.length, 0)
    const outcomes = await settled
    assert.ok(outcomes.every(({ status }) => status === 'rejected'))
  })
})
