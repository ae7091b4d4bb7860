import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  canonicalAddress,
  clientAddressReader,
  type TrustProxy,
} from '../../src/http/client-address.ts'

const canonical: readonly (readonly [text: string, expected: string | undefined])[] = [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:C000:0201', '192.0.2.1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['unknown', undefined],
  ['192.0.2.1:80', undefined],
  ['0300.0.2.1', undefined],
  ['', undefined],
]
for (const [text, expected] of canonical) {
  test(`the address ${JSON.stringify(text)} is ${expected}`, () => {
    assert.equal(canonicalAddress(text), expected)
  })
}

const PROXY = '10.0.0.1'
const cases: readonly (readonly [
  trust: TrustProxy,
  socket: string | undefined,
  forwarded: string | null,
  expected: string | undefined,
])[] = [
  [false, '192.0.2.9', '198.51.100.1', '192.0.2.9'],
  [false, undefined, '198.51.100.1', undefined],
  [0, PROXY, '198.51.100.1', PROXY],
  [1, PROXY, '198.51.100.1', '198.51.100.1'],
  [1, PROXY, '6.6.6.6, 198.51.100.1', '198.51.100.1'],
  [2, PROXY, '198.51.100.1, 10.0.0.2', '198.51.100.1'],
  [3, PROXY, '198.51.100.1', '198.51.100.1'],
  [1, PROXY, null, PROXY],
  // Some proxies tell the port, too.
  [1, PROXY, '198.51.100.1:5678', '198.51.100.1'],
  [1, PROXY, '[2001:DB8::7]:443', '2001:db8::7'],
  [1, PROXY, '[2001:db8::7]', '2001:db8::7'],
  [2, PROXY, '198.51.100.1:1, 10.0.0.2:2', '198.51.100.1'],
  [false, '198.51.100.1:5678', null, '198.51.100.1'],
  [1, PROXY, '2001:db8::7:443', '2001:db8::7:443'],
  [1, PROXY, '198.51.100.1:x', PROXY],
  [1, PROXY, '198.51.100.1:567890', PROXY],
  [1, PROXY, '[198.51.100.1', PROXY],
  [1, PROXY, 'garbage', PROXY],
  [1, PROXY, '', PROXY],
  [['10.0.0.0/8'], PROXY, '6.6.6.6, 198.51.100.1, 10.0.0.2', '198.51.100.1'],
  [['10.0.0.0/8'], '192.0.2.9', '198.51.100.1', '192.0.2.9'],
  [['10.0.0.0/8'], '::ffff:10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
  [['2001:db8::/32'], '2001:DB8::5', '198.51.100.1', '198.51.100.1'],
]
for (const [trust, socket, forwarded, expected] of cases) {
  test(`trusting ${JSON.stringify(trust)}, ${socket} with ${forwarded} is ${expected}`, () => {
    assert.equal(clientAddressReader(trust)(socket, forwarded), expected)
  })
}

const noRanges = ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', 'proxy.local', '::/129']
for (const bad of [...noRanges, '10.0.0.0/8/24', '10.0.0.0/0x8', '10.0.0.0/1e1']) {
  test(`a proxy range "${bad}" is refused`, () => {
    assert.throws(() => clientAddressReader([bad]), TypeError)
  })
}
