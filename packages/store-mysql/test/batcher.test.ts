import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { isStoreError, StoreError } from '@pawl/core'
import { batcher } from '../src/batcher.ts'

/** A batcher whose batches are answered by hand; a request's key is its first letter. */
function byHand(waitMaxMs = 60_000) {
  const batches: { requests: readonly string[]; answer: () => void; fail: (e: Error) => void }[] =
    []
  const send = batcher<string>((requests) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>()
    const texts = requests.map(({ values }) => values.join())
    const answer = () => resolve(texts.map((text) => `${text}!`))
    batches.push({ requests: texts, answer, fail: reject })
    return promise
  }, waitMaxMs)
  const ask = (text: string) => send({ key: text.split(' ')[0] ?? '', values: [text] })
  return { batches, ask, sizes: () => batches.map(({ requests }) => requests.length) }
}

describe('the batcher', () => {
  it('sends a lone request at the end of the turn', async () => {
    const { batches, ask } = byHand()
    const answer = ask('a')
    await turn()
    assert.deepEqual(batches[0]?.requests, ['a'])
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
    batches[0]?.answer()
    batches[1]?.answer()
    await turn()
    assert.deepEqual(sizes(), [64, 64, 64, 8])
    batches[2]?.answer()
    batches[3]?.answer()
    assert.equal((await answers).length, 200)
  })

  it('sends no more characters together than a packet may have, and a long request alone', async () => {
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
    const requests = batches.map((batch) => batch.requests)
    assert.deepEqual(requests, [['a 1', 'b'], ['a 2']])
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
    const statuses = (await answers).map(({ status }) => status)
    assert.deepEqual(statuses, ['rejected', 'fulfilled'])
  })

  it('tells every request of a batch when the database fails, and goes on', async () => {
    const { batches, ask } = byHand()
    const answers = Promise.allSettled(['a', 'b'].map(ask))
    await turn()
    batches[0]?.fail(new StoreError('unavailable', 'no'))
    const statuses = (await answers).map(({ status }) => status)
    assert.deepEqual(statuses, ['rejected', 'rejected'])
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
    assert.ok((await settled).every(({ status }) => status === 'rejected'))
  })
})
