import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeTokenCache, type VerifiedToken } from '../../src/tokens/token-cache.ts'

const entryOf = (token: string) => ({ token }) as VerifiedToken

test('tokens of one ending never stand for each other', () => {
  const cache = makeTokenCache(100)
  cache.set(entryOf('a.same-ending'))
  assert.equal(cache.get('b.same-ending'), undefined)
  cache.set(entryOf('b.same-ending'))
  assert.equal(cache.get('b.same-ending')?.token, 'b.same-ending')
  assert.equal(cache.get('a.same-ending'), undefined)
})

test('texts of any length are found again, and forgotten when told', () => {
  const cache = makeTokenCache(100)
  for (const token of ['', 'a', 'ab', 'x'.repeat(8_192)]) {
    cache.set(entryOf(token))
    assert.equal(cache.get(token)?.token, token)
    cache.delete(token)
    assert.equal(cache.get(token), undefined)
  }
})

test('what is used stays while others come and go; the number is bounded', () => {
  const cache = makeTokenCache(8)
  cache.set(entryOf('kept-in-use'))
  for (let index = 0; index < 100; index++) {
    cache.set(entryOf(`token-number-${index}.`))
    assert.equal(cache.get('kept-in-use')?.token, 'kept-in-use')
  }
  const held = Array.from({ length: 100 }, (_, index) => cache.get(`token-number-${index}.`))
  const found = held.filter((entry) => entry !== undefined)
  assert.ok(found.length <= 8, `${found.length} are held`)
})
