import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Store, StoreError, type StoreErrorKind } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { patientStore } from '../../src/move/patient-store.ts'

/** A store that fails so often before it answers, and the pauses that were made. */
function failing(kind: StoreErrorKind, faults: number) {
  const pauses: number[] = []
  let left = faults
  const store = memoryStore()
  const flaky: Store = {
    ...store,
    walkSessions: async (...page) => {
      left -= 1
      if (left >= 0) throw new StoreError(kind, 'out of reach')
      return store.walkSessions(...page)
    },
  }
  return { store: patientStore(flaky, async (ms) => pauses.push(ms)), pauses }
}

test('a store that is out of reach for a moment is asked again, with growing pauses', async () => {
  const { store, pauses } = failing('unavailable', 3)
  assert.deepEqual(await store.walkSessions(null, 5), { items: [], next: null })
  assert.deepEqual(pauses, [250, 500, 1000])
})

test('what does not pass is told: after some seconds, or at once where waiting cannot help', async () => {
  const gone = failing('timeout', 99)
  await assert.rejects(gone.store.walkSessions(null, 5), /out of reach/)
  assert.equal(gone.pauses.length, 5)
  const corrupt = failing('corrupt', 1)
  await assert.rejects(corrupt.store.walkSessions(null, 5), /out of reach/)
  assert.deepEqual(corrupt.pauses, [])
})
