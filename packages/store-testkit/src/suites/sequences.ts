import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { EpochMs } from '@pawl/core'
import fc from 'fast-check'
import { freshApp } from '../fixtures.ts'
import { memoryStore } from '../memory-store.ts'
import { operationArbitrary } from '../operations.ts'
import { newWalk, perform } from '../perform.ts'
import { readEverything } from '../read-everything.ts'
import { type OpenStore, openSubject, type Subject } from '../store-under-test.ts'

/** How the random sequences are run. */
export interface SequenceOptions {
  /** How many sequences. Default 100; 2000 and more for a full run. */
  readonly runs?: number
  /** What the sequences are made from; the same seed gives the same ones. Default 1. */
  readonly seed?: number
}

const RUNS_DEFAULT = 100
const OPERATIONS_MAX = 40
/** Later than any time of a sequence. */
const FAR_MS = 1e14 as EpochMs
const ALL = 1_000_000

/** Random sequences of operations, compared with the memory store answer by answer. */
export function describeSequences(open: OpenStore, options: SequenceOptions): void {
  const { runs = RUNS_DEFAULT, seed = 1 } = options
  describe('sequences of operations made at random', () => {
    const model = memoryStore()
    let subject: Subject | undefined
    before(async () => {
      subject = await openSubject(open)
    })
    after(async () => {
      await subject?.end()
    })

    it(`${runs} of them give what the memory store gives`, async () => {
      if (subject === undefined) throw new Error('the store was not opened')
      const { store, peer } = subject
      const sequences = fc.array(operationArbitrary, { maxLength: OPERATIONS_MAX, size: 'max' })
      const property = fc.asyncProperty(sequences, async (operations) => {
        for (const each of [store, model]) {
          await each.deleteExpired(FAR_MS, ALL)
          await each.trimRevocations(FAR_MS, ALL)
        }
        const app = freshApp()
        const [real, reference] = [await newWalk(store, app), await newWalk(model, app)]
        for (const [index, operation] of operations.entries()) {
          const answer = await perform({ ...real, store: peer(index) }, operation)
          const expected = await perform(reference, operation)
          assert.deepEqual(answer, expected, `operation ${index}: ${operation.kind}`)
        }
        assert.deepEqual(await readEverything(real), await readEverything(reference))
      })
      await fc.assert(property, { numRuns: runs, seed })
    })
  })
}
