import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { RecordStore } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { openKeyDirectory } from '../../src/http/key-directory.ts'
import { createApiKey, listApiKeys, revokeApiKey } from '../../src/http/stored-api-keys.ts'
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
