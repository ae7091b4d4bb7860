import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { StoreError } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { generateApiKey } from '../../src/http/api-keys.ts'
import { type ServerOptions, startServer } from '../../src/index.ts'
import { senderOf } from './wire-client.ts'

const { key, keyHash } = generateApiKey()
const apiKeys = [`${keyHash};scopes=admin`]
const secret = ['0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH']

async function start(context: TestContext, options: ServerOptions) {
  const server = await startServer({ port: 0, logLevel: 'silent', apiKeys, secret, ...options })
  context.after(() => server.close())
  return senderOf(server.url)
}

test('apps that nobody knows make a core look once a second, and never for who has no key', async (t) => {
  const store = memoryStore()
  let reads = 0
  let looks = 0
  const storeInstance: typeof store = {
    ...store,
    walkRecords(after, limit) {
      reads += 1
      return store.walkRecords(after, limit)
    },
    findRecord(of) {
      looks += 1
      return store.findRecord(of)
    },
  }
  const send = await start(t, { storeInstance })
  const before = { reads, looks }
  const startedMs = performance.now()
  const seconds = () => Math.ceil((performance.now() - startedMs) / 1_000)
  const ask = (index: number, headers: { readonly [name: string]: string }) =>
    send('GET', `/appid-x${index}/recipe/session?sessionHandle=x`, { headers })
  for (let index = 0; index < 30; index++) assert.equal((await ask(index, {})).status, 401)
  // The core looks by itself every two seconds.
  assert.ok(looks - before.looks <= seconds(), String(looks - before.looks))
  for (let index = 0; index < 30; index++) {
    const { status } = await ask(index, { 'api-key': 'a-guess' })
    assert.equal(status, 401)
  }
  assert.ok(looks - before.looks <= 1 + 2 * seconds(), String(looks - before.looks))
  assert.equal(reads, before.reads)
})

test('an app that another core has just made is known at once, with a key of its own too', async (t) => {
  const storeInstance = memoryStore()
  const shared = { ...storeInstance, close: async () => {} }
  const one = await start(t, { storeInstance: shared })
  const other = await start(t, { storeInstance: shared })
  const coreConfig = { api_keys: 'key-of-the-shop-alone-123' }
  const made = await one('PUT', '/recipe/multitenancy/app/v2', {
    ...{ body: { appId: 'shop', coreConfig }, headers: { 'api-key': key } },
  })
  assert.deepEqual([made.status, made.body?.status], [200, 'OK'])
  const body = { userId: 'ada', userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false }
  const headers = { 'api-key': 'key-of-the-shop-alone-123' }
  const { status } = await other('POST', '/appid-shop/recipe/session', { body, headers })
  assert.equal(status, 200)
})

test('whoever asks for a new app while a core looks waits for it; a look that fails is 503 for all', async (t) => {
  const shared = { ...memoryStore(), close: async () => {} }
  const opening = Promise.withResolvers<void>()
  const looking = Promise.withResolvers<void>()
  const at = { isSlow: false, isAway: false }
  const one = await start(t, { storeInstance: shared })
  const other = await start(t, {
    storeInstance: {
      ...shared,
      async findRecord(of) {
        if (at.isAway && of.kind === 'registry') throw new StoreError('unavailable', 'away')
        if (at.isSlow && of.kind === 'registry') {
          looking.resolve()
          await opening.promise
        }
        return shared.findRecord(of)
      },
    },
  })
  const headers = { 'api-key': key }
  const ask = () => other('GET', '/appid-shop/recipe/session?sessionHandle=x', { headers })
  at.isAway = true
  for (const { status } of [await ask(), await ask()]) assert.equal(status, 503)
  at.isAway = false
  const put = { body: { appId: 'shop' }, headers }
  assert.equal((await one('PUT', '/recipe/multitenancy/app/v2', put)).status, 200)
  at.isSlow = true
  const first = ask()
  await looking.promise
  const others = [ask(), ask()]
  assert.equal((await other('GET', '/hello')).status, 200)
  opening.resolve()
  for (const { status } of await Promise.all([first, ...others])) assert.equal(status, 200)
})
