import assert from 'node:assert/strict'
import test from 'node:test'
import { addressList } from '../../src/http/address-list.ts'

const list = addressList(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1', '172.16.5.9/12'])

for (const address of [
  ...['10.0.0.1', '10.255.255.255', '::ffff:10.1.2.3', '192.0.2.7', '172.31.0.1'],
  ...['2001:db8::5', '2001:DB8:ffff::1%eth0', '::1'],
]) {
  test(`${address} is in the list`, () => assert.equal(list.has(address), true))
}

for (const address of [
  ...['11.0.0.1', '192.0.2.8', '::ffff:11.0.0.1', '172.32.0.1', '127.0.0.1'],
  ...['2001:db9::1', '::2', '', 'localhost', undefined],
]) {
  test(`${address} is not in the list`, () => assert.equal(list.has(address), false))
}

test('the whole of a family is one block', () => {
  assert.equal(addressList(['0.0.0.0/0']).has('203.0.113.9'), true)
  assert.equal(addressList(['0.0.0.0/0']).has('2001:db8::1'), false)
  assert.equal(addressList(['::/0']).has('2001:db8::1'), true)
})

for (const entry of [
  ...['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '10.0.0.0/0x8'],
  ...['10.1', 'core.internal', '', '*', 'fe80::1%eth0', '10.0.0.0/8 '],
]) {
  test(`"${entry}" is refused by its name`, () => {
    assert.throws(() => addressList([entry]), { name: 'TypeError', message: /neither/ })
  })
}
