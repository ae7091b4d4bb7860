import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { RecordStore } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { openKeyDirectory } from '../../src/http/key-directory.ts'
import {
  API_KEYS_MAX,
  createApiKey,
  listApiKeys,
  pruneApiKeys,
  revokeApiKey,
} from '../../src/http/stored-api-keys.ts'
import { ConfigError, type RunningServer, startServer } from '../../src/index.ts'
import { exchange } from '../http-core-client.ts'

const order = { name: 'shop', scopes: ['read'], app: null, notAfterMs: null, nowMs: 1 } as const

describe('API keys in the store', () => {
  it('are kept as hashes, and say what they are for', async () => {
    const store = memoryStore()
    const { key, stored } = await createApiKey(store, order)
    const [record] = await store.listRecords('api-key', '*')
    assert.equal(record?.value.includes(key.split('.')[2] ?? '?'), false)
    assert.deepEqual(await listApiKeys(store), [stored])
    assert.equal(stored.name, 'shop')
  })

  it('count as soon as the directory looks, and no more once revoked', async () => {
    const store = memoryStore()
    const onTrouble = (error: unknown) => assert.fail(String(error))
    const keys = await openKeyDirectory({ store, configured: [], onTrouble })
    assert.equal(keys.isKeyed(), false)
    const { key, stored } = await createApiKey(store, { ...order, notAfterMs: 100 })
    await keys.reload()
    assert.equal(keys.isKeyed(), true)
    assert.equal(keys.find(key, 99)?.id, stored.id)
    assert.equal(keys.find(key, 100), undefined)
    assert.equal(await revokeApiKey(store, stored.id, 5), true)
    assert.equal(await revokeApiKey(store, stored.id, 6), false)
    await keys.reload()
    assert.equal(keys.find(key, 50), undefined)
    // A service that had keys does not open itself when the last one goes.
    assert.equal(keys.isKeyed(), true)
    keys.close()
  })

  it('stay in use while the store cannot be read', async () => {
    const inner = memoryStore()
    const { key } = await createApiKey(inner, order)
    let isDown = false
    const store: RecordStore = {
      ...inner,
      listRecords: async (kind, app) => {
        if (isDown) throw new Error('down')
        return inner.listRecords(kind, app)
      },
    }
    const keys = await openKeyDirectory({ store, configured: [], onTrouble: () => {} })
    isDown = true
    await assert.rejects(keys.reload())
    assert.ok(keys.find(key, 0))
    keys.close()
  })
})

describe('an API key that cannot be read', () => {
  const bad = { kind: 'api-key', app: '*', id: 'AAAAAAAA' }

  it('lets nobody in, hinders no other, is told once, and can be revoked', async () => {
    for (const value of ['{', 'null', '{"keyHash":"x"}', '[]']) {
      const store = memoryStore()
      await store.insertRecord(bad, value)
      const { key, stored } = await createApiKey(store, order)
      const troubles: unknown[] = []
      const onTrouble = (error: unknown) => void troubles.push(error)
      const keys = await openKeyDirectory({ store, configured: [], onTrouble })
      await keys.reload()
      assert.match(String(troubles), /^[^,]*API key AAAAAAAA cannot be read[^,]*$/)
      assert.equal(keys.find(key, 0)?.id, stored.id)
      await revokeApiKey(store, stored.id, 5)
      await keys.reload()
      assert.equal(keys.find(key, 0), undefined)
      assert.equal(await revokeApiKey(store, bad.id, 5), true)
      assert.deepEqual((await listApiKeys(store)).length, 2)
      assert.equal(troubles.length, 1)
      keys.close()
    }
  })

  it('alone still keeps the service closed', async () => {
    const store = memoryStore()
    await store.insertRecord(bad, '{')
    const keys = await openKeyDirectory({ store, configured: [], onTrouble: () => {} })
    assert.equal(keys.isKeyed(), true)
    keys.close()
  })
})

describe('the reading of API keys', () => {
  it('is one at a time, and one that is asked for begins after the call', async () => {
    const inner = memoryStore()
    const { key, stored } = await createApiKey(inner, order)
    let [readings, atOnce] = [0, 0]
    const gate = Promise.withResolvers<void>()
    const store: RecordStore = {
      ...inner,
      async listRecords(kind, app) {
        atOnce += 1
        readings += 1
        assert.equal(atOnce, 1)
        const records = await inner.listRecords(kind, app)
        if (readings === 2) await gate.promise
        atOnce -= 1
        return records
      },
    }
    const keys = await openKeyDirectory({ store, configured: [], onTrouble: () => {} })
    const early = keys.reload()
    await revokeApiKey(inner, stored.id, 5)
    const late = [keys.reload(), keys.reload()]
    gate.resolve()
    await Promise.all([early, ...late])
    assert.equal(readings, 3)
    assert.equal(keys.find(key, 0), undefined)
    keys.close()
  })
})

describe('API keys that have ended', () => {
  const DAY = 86_400_000

  it('go after thirty days, revoked or expired, and those that live stay', async () => {
    const store = memoryStore()
    const revoked = (await createApiKey(store, order)).stored
    await revokeApiKey(store, revoked.id, DAY)
    await createApiKey(store, { ...order, notAfterMs: 2 * DAY })
    const living = (await createApiKey(store, order)).stored
    assert.equal(await pruneApiKeys(store, 31 * DAY - 1), 0)
    assert.equal(await pruneApiKeys(store, 31 * DAY), 1)
    assert.equal(await pruneApiKeys(store, 32 * DAY), 1)
    assert.deepEqual(await listApiKeys(store), [living])
  })

  it('leave one behind, so that a service that had keys never opens itself', async () => {
    const store = memoryStore()
    for (const notAfterMs of [1, 2, 3]) await createApiKey(store, { ...order, notAfterMs })
    assert.equal(await pruneApiKeys(store, 400 * DAY), 2)
    assert.equal(await pruneApiKeys(store, 400 * DAY), 0)
    const keys = await openKeyDirectory({ store, configured: [], onTrouble: () => {} })
    assert.equal(keys.isKeyed(), true)
    keys.close()
  })

  it('make room: no key is made that might not be read', async () => {
    const store = memoryStore()
    const { stored } = await createApiKey(store, { ...order, notAfterMs: 2 })
    const { id: _, ...value } = stored
    for (let count = 1; count < API_KEYS_MAX; count++) {
      const id = String(count).padStart(8, '0')
      await store.insertRecord({ kind: 'api-key', app: '*', id }, JSON.stringify(value))
    }
    await assert.rejects(createApiKey(store, order), /there are 9000 API keys/)
  })
})

describe('a service with keys in its store', () => {
  const store = memoryStore()
  let server: RunningServer
  const keys = { shop: '', admin: '' }
  before(async () => {
    const scopes = ['read', 'verify', 'write', 'admin'] as const
    keys.shop = (await createApiKey(store, { ...order, scopes, app: 'shop' })).key
    keys.admin = (await createApiKey(store, { ...order, scopes })).key
    server = await startServer({
      ...{ port: 0, storeInstance: store, logLevel: 'silent', apps: { shop: {}, mail: {} } },
    })
  })
  after(() => server.close())

  const ask = async (path: string, key: string | undefined): Promise<unknown> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
    const { body } = await exchange(server.url + path, { headers })
    return (body as { code?: unknown }).code
  }

  it('asks for one at every route', async () => {
    assert.equal(await ask('/v1/settings', undefined), 'api_key_required')
    assert.equal(await ask('/v1/settings', keys.admin), undefined)
    assert.equal(await ask('/v1/apps', keys.admin), undefined)
  })

  it('holds a key of one app to that app, at the routes of the installation too', async () => {
    assert.equal(await ask('/apps/shop/v1/settings', keys.shop), undefined)
    assert.equal(await ask('/apps/shop/v1/tenants', keys.shop), undefined)
    for (const path of ['/v1/settings', '/apps/mail/v1/settings', '/apps/nowhere/v1/settings']) {
      assert.equal(await ask(path, keys.shop), 'api_key_scope', path)
    }
    for (const path of ['/v1/apps', '/apps/shop/v1/apps', '/v1/apps/shop']) {
      assert.equal(await ask(path, keys.shop), 'api_key_scope', path)
    }
  })

  it('may be reached from outside, which one without any key may not', async () => {
    const open = { port: 0, host: '0.0.0.0', logLevel: 'silent' } as const
    await assert.rejects(startServer({ ...open, storeInstance: memoryStore() }), ConfigError)
    const keyed = memoryStore()
    await createApiKey(keyed, order)
    await (await startServer({ ...open, storeInstance: keyed })).close()
  })
})
