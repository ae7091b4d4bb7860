import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { memoryStore } from '@pawl/store-testkit'
import { generateApiKey } from '../../src/http/api-keys.ts'
import { startServer } from '../../src/index.ts'
import { exchange } from '../http-core-client.ts'

const { key, keyHash } = generateApiKey()

async function setUp(context: TestContext) {
  const lines: string[] = []
  const server = await startServer({
    ...{ port: 0, storeInstance: memoryStore(), logLevel: 'info', apiKeys: [keyHash] },
    logSink: (line) => lines.push(line),
  })
  context.after(() => server.close())
  const loggedIds = () =>
    lines.map((line) => (JSON.parse(line) as { requestId?: unknown }).requestId)
  const post = async (path: string, headers: { readonly [name: string]: string }) => {
    const before = lines.length
    const all = { 'content-type': 'application/json', ...headers }
    const body = { userId: 'ada' }
    const answer = await exchange(server.url + path, { method: 'POST', headers: all, body })
    const ids = loggedIds().slice(before)
    return { answered: answer.headers['x-request-id'], ids, status: answer.status }
  }
  return { post, loggedIds }
}

test('the events of a session carry the id of their request, however many run at once', async (t) => {
  const { post, loggedIds } = await setUp(t)
  const headers = { authorization: `Bearer ${key}` }
  const many = await Promise.all(Array.from({ length: 20 }, () => post('/v1/sessions', headers)))
  assert.equal(new Set(many.map((one) => one.answered)).size, 20)
  const ids = loggedIds()
  for (const { answered } of many) assert.equal(ids.filter((id) => id === answered).length, 2)
})

test('a caller with a key names its request, and nobody else does', async (t) => {
  const { post } = await setUp(t)
  const given = { 'x-request-id': 'shop-42.a_B' }
  const known = await post('/v1/sessions', { ...given, authorization: `Bearer ${key}` })
  assert.equal(known.status, 200)
  assert.deepEqual([known.answered, ...known.ids], Array(3).fill('shop-42.a_B'))
  const wire = await post('/recipe/session', { ...given, 'api-key': key, 'cdi-version': '5.1' })
  assert.equal(wire.answered, 'shop-42.a_B')
  const stranger = await post('/v1/sessions', given)
  assert.equal(stranger.status, 401)
  assert.notEqual(stranger.answered, 'shop-42.a_B')
  const strangerOnWire = await post('/recipe/session', { ...given, 'cdi-version': '5.1' })
  assert.notEqual(strangerOnWire.answered, 'shop-42.a_B')
})

test('an id that could be more than an id is not taken', async (t) => {
  const { post } = await setUp(t)
  for (const id of ['', ' ', 'a b', 'a"b', 'x'.repeat(65), 'ä', 'a,b']) {
    const headers = { authorization: `Bearer ${key}`, 'x-request-id': id }
    const { answered, ids } = await post('/v1/sessions', headers)
    assert.notEqual(answered, id)
    assert.deepEqual(ids, [answered, answered])
  }
})
