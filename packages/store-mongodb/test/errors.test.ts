import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStoreError } from '@pawl/core'
import { MongoBulkWriteError, MongoNetworkError, MongoServerError } from 'mongodb'
import { isAnswerLost, reasonOf, toStoreError } from '../src/errors.ts'

test('a connection that broke under a bulk is a lost answer, not a failure of ours', () => {
  const broken = new MongoNetworkError('connection 4 closed')
  const hidden = new MongoBulkWriteError(broken as never, {} as never)
  assert.equal(reasonOf(hidden), broken)
  assert.equal(isAnswerLost(reasonOf(hidden)), true)
  const trouble = toStoreError(reasonOf(hidden))
  assert.ok(isStoreError(trouble))
  assert.equal(trouble.kind, 'unavailable')
})

function kindOf(code: number): string | undefined {
  const trouble = toStoreError(new MongoServerError({ message: 'what it says', code }))
  return isStoreError(trouble) ? trouble.kind : undefined
}

test('what no table lists is the trouble of the server, unless what was sent is at fault', () => {
  for (const code of [43, 133, 134, 99_999]) assert.equal(kindOf(code), 'unavailable')
  assert.equal(kindOf(10_058), 'read-only')
  for (const code of [2, 9, 121, 10_334, 11_000]) assert.equal(kindOf(code), undefined)
})

test('a command that was ended by hand, or whose socket broke, may have been carried out', () => {
  for (const code of [11_601, 9_001]) assert.equal(kindOf(code), 'timeout')
})
