import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fingerprint, fingerprint, Visited } from '../../src/explore/visited.ts'

function printOf(value: number): Fingerprint {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  const print = { low: 0, high: 0 }
  fingerprint(bytes, 4, print)
  return print
}

test('every state is new once, however far the table grows', () => {
  const visited = new Visited()
  const count = 100_000
  for (let value = 0; value < count; value++) assert.ok(visited.add(printOf(value), -1))
  for (let value = 0; value < count; value += 997) assert.ok(!visited.add(printOf(value), -1))
  assert.equal(visited.size, count)
})

test('the path to a state leads from the first state through its parents', () => {
  const visited = new Visited()
  visited.add(printOf(1), -1)
  visited.add(printOf(2), 0)
  visited.add(printOf(3), 0)
  visited.add(printOf(4), 2)
  assert.deepEqual(visited.pathTo(3), [printOf(1), printOf(3), printOf(4)])
})

test('prefixes of one form have different fingerprints', () => {
  const [short, long] = [
    { low: 0, high: 0 },
    { low: 0, high: 0 },
  ]
  fingerprint(new Uint8Array(3), 3, short)
  fingerprint(new Uint8Array(4), 4, long)
  assert.notDeepEqual(short, long)
})
