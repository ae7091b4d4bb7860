import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { takeTurns } from '../src/take-turns.ts'

/** Work that the test ends; what each run was asked for. */
function stage() {
  const runs: { readonly isThorough: boolean; readonly end: (error?: Error) => void }[] = []
  const take = takeTurns((isThorough) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    runs.push({ isThorough, end: (error) => (error === undefined ? resolve() : reject(error)) })
    return promise
  })
  return { runs, take }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('turns', () => {
  it('are one at a time, and all who wait share the next one', async () => {
    const { runs, take } = stage()
    const first = take(false)
    const waiting = [take(false), take(true), take(false)]
    await turn()
    assert.equal(runs.length, 1)
    runs[0]?.end()
    await first
    await turn()
    assert.deepEqual(
      runs.map(({ isThorough }) => isThorough),
      [false, true],
    )
    runs[1]?.end()
    await Promise.all(waiting)
    await turn()
    assert.equal(runs.length, 2)
  })

  it('go on after one that failed, which only its own callers are told', async () => {
    const { runs, take } = stage()
    const first = take(false)
    const second = take(false)
    const failure = new Error('no answer')
    runs[0]?.end(failure)
    await assert.rejects(first, failure)
    await turn()
    const third = take(false)
    runs[1]?.end()
    await second
    await turn()
    runs[2]?.end()
    await third
    const fourth = take(true)
    runs[3]?.end()
    await fourth
    assert.equal(runs.length, 4)
  })
})
