import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStoreError } from '@pawl/core'
import { DatabaseError } from 'pg'
import { isAnswerLost, isConnectionSpent, isRolledBack, toStoreError } from '../src/errors.ts'

function errorOf(code: string): DatabaseError {
  const error = new DatabaseError('what the server says', 20, 'error')
  error.code = code
  return error
}

function kindOf(code: string): string | undefined {
  const trouble = toStoreError(errorOf(code))
  return isStoreError(trouble) ? trouble.kind : undefined
}

test('an error that no table lists is the trouble of the server, and spends the connection', () => {
  for (const code of ['55000', 'XX000', '42601', 'F0000', 'ZZ999']) {
    assert.equal(kindOf(code), 'unavailable', code)
    assert.equal(isConnectionSpent(errorOf(code)), true, code)
    assert.equal(isAnswerLost(errorOf(code)), false, code)
  }
  assert.match(String(toStoreError(errorOf('42601'))), /PostgreSQL: what the server says/)
  assert.match(String(toStoreError(errorOf('42P01'))), /no Pawl tables/)
})

test('an error that only a value can cause is a fault of the program, and of one request', () => {
  for (const code of ['22021', '22P02', '23502']) {
    assert.equal(kindOf(code), undefined, code)
    assert.equal(isConnectionSpent(errorOf(code)), false, code)
  }
})

test('a statement that a connection has not prepared any more is run again on another one', () => {
  for (const code of ['26000', '42P05', '0A000']) {
    assert.equal(kindOf(code), 'unavailable', code)
    assert.equal(isRolledBack(errorOf(code)), true, code)
    assert.equal(isConnectionSpent(errorOf(code)), true, code)
  }
})
