import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { NodeExchange } from '../../src/adapters/node-exchange.ts'

test('a request over HTTP/2 has the host that it calls its authority', () => {
  const hostOf = (headers: object) => {
    const request = { headers } as IncomingMessage
    return new NodeExchange(request, {} as ServerResponse, () => undefined).get('host')
  }
  assert.equal(hostOf({ ':authority': 'shop.example.com' }), 'shop.example.com')
  assert.equal(hostOf({ host: 'a.example.com', ':authority': 'b.example.com' }), 'a.example.com')
  assert.equal(hostOf({}), null)
})
