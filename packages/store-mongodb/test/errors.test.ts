import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStoreError } from '@pawl/core'
import { MongoBulkWriteError, MongoNetworkError } from 'mongodb'
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
