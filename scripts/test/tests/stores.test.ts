import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOfStores } from '../../tests/stores.ts'

test('engines are named one by one, or not at all for all of them', () => {
  for (const fine of [undefined, '', 'redis', 'postgres,redis', 'sqlite,mariadb,mongodb']) {
    assert.equal(faultOfStores(fine), undefined)
  }
})

test('a name that nobody knows is told, since it would leave every engine out', () => {
  assert.match(String(faultOfStores('postgress,redis')), /^STORES names postgress: say some of/)
})
