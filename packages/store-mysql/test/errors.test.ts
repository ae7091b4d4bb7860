import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStoreError } from '@pawl/core'
import { attemptsAfter, isAnswerLost, isConnectionSpent, toStoreError } from '../src/errors.ts'

function errorOf(errno: number, sqlState = 'HY000'): Error {
  return Object.assign(new Error('what the server says'), { errno, sqlState, code: 'ER_OF_IT' })
}

function kindOf(error: Error): string | undefined {
  const trouble = toStoreError(error)
  return isStoreError(trouble) ? trouble.kind : undefined
}

test('an error that no table lists is the trouble of the server, and spends the connection', () => {
  // 1047: a node of Galera that is not synchronized; 3100: a hook of Group Replication.
  for (const error of [
    errorOf(1047, '08S01'),
    errorOf(3100),
    errorOf(9999),
    errorOf(1064, '42000'),
  ]) {
    assert.equal(kindOf(error), 'unavailable')
    assert.equal(isConnectionSpent(error), true)
    assert.equal(isAnswerLost(error), false)
    assert.equal(attemptsAfter(error), 1)
  }
})

test('an error that only a value can cause is a fault of the program, and of one request', () => {
  for (const error of [errorOf(1062, '23000'), errorOf(1406, '22001'), errorOf(1366)]) {
    assert.equal(kindOf(error), undefined)
    assert.equal(isConnectionSpent(error), false)
  }
})

test('a commit that a group took back is tried again; of one that failed nothing is known', () => {
  assert.equal(kindOf(errorOf(3101)), 'conflict')
  assert.equal(attemptsAfter(errorOf(3101)), 6)
  assert.equal(kindOf(errorOf(1180)), 'timeout')
  assert.equal(isConnectionSpent(errorOf(1180)), true)
  assert.equal(attemptsAfter(errorOf(1180)), 1)
})
