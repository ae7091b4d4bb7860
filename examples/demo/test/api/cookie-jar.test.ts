import assert from 'node:assert/strict'
import test from 'node:test'
import { makeCookieJar, readCookies } from '../../src/api/cookie-jar.ts'

test('a copied jar sends what was copied', () => {
  const jar = makeCookieJar('a=1; __Host-b=2=3')
  assert.equal(jar.get('__Host-b'), '2=3')
  assert.equal(jar.header(), 'a=1; __Host-b=2=3')
})

test('an answer replaces, adds and takes away cookies', () => {
  const jar = makeCookieJar('a=1; b=2')
  jar.take(['a=9; Path=/; HttpOnly', 'b=; Max-Age=0', 'c=3; Max-Age=60'])
  assert.equal(jar.header(), 'a=9; c=3')
})

test('a jar takes no more cookies than it has room for', () => {
  const jar = makeCookieJar('')
  jar.take(Array.from({ length: 500 }, (_, index) => `c${index}=x`))
  assert.equal(readCookies(jar.header()).length, 50)
})
