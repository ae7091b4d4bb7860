import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStoreError } from '@pawl/core'
import { ErrorReply } from '@redis/client'
import { serverCode, toStoreError } from '../src/errors.ts'

function kindOf(message: string): string | undefined {
  const trouble = toStoreError(new ErrorReply(message))
  return isStoreError(trouble) ? trouble.kind : undefined
}

test('an error inside a script is found below the words of Redis before 7', () => {
  const wrap = (text: string) =>
    `ERR Error running script (call to f_5ca1): @user_script:12: @user_script: 12: -${text}`
  const readOnly = wrap("READONLY You can't write against a read only replica.")
  assert.equal(serverCode(new ErrorReply(readOnly)), 'READONLY')
  assert.equal(kindOf(readOnly), 'read-only')
  assert.equal(kindOf(wrap("OOM command not allowed when used memory > 'maxmemory'.")), 'read-only')
  assert.equal(kindOf(wrap('MISCONF Redis is configured to save RDB snapshots')), 'read-only')
  assert.equal(kindOf(wrap('LOADING Redis is loading the dataset in memory')), 'unavailable')
})

test('a script that fails by itself is a fault of the program', () => {
  const text = 'ERR Error running script (call to f_5ca1): @user_script:3: attempt to index a nil'
  assert.equal(kindOf(text), undefined)
  assert.equal(kindOf('NOSCRIPT No matching script. Please use EVAL.'), undefined)
})

test('what no table lists is the trouble of the server', () => {
  assert.equal(kindOf('ERR unknown command EVALSHA'), 'unavailable')
  assert.equal(kindOf('ERR max number of clients reached'), 'unavailable')
  assert.equal(kindOf('SOMETHING new'), 'unavailable')
})
