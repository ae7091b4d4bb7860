import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { CoreApi, Operation, Outcome } from '@pawl/protocol'
import { ERRORS, ROUTES } from '@pawl/protocol'
import { type RunningServer, startServer } from '@pawl/server'
import { memoryStore } from '@pawl/store-testkit'
import { createApiKey } from '../../packages/server/src/http/stored-api-keys.ts'
import { exchange, httpCoreClient } from '../../packages/server/test/http-core-client.ts'
import { callBy, type Owner, trialsOf, untriedRoutes } from './foreign.ts'

const APPS = ['default', 'shop', 'mail'] as const
const TENANTS = ['default', 'acme', 'globex'] as const
const SCOPES = ['read', 'verify', 'write', 'admin'] as const
const HANDLE = 'AAAAAAAAAAAAAAAAAAAAAA'

let server: RunningServer
const store = memoryStore()
const cores = new Map<string, CoreApi>()
const owners = new Map<string, Owner>()
const keys = new Map<string, string>()

function valueIn<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

const coreOf = (app: string): CoreApi => cores.get(app) as CoreApi
const ownerOf = (app: string, tenant: string): Owner => owners.get(`${app}/${tenant}`) as Owner

async function logIn(app: string, tenant: string): Promise<Owner> {
  const userId = `ada-of-${app}-${tenant}`
  const create = async (accessKind: 'jwt' | 'opaque') =>
    valueIn(await coreOf(app).createSession({ userId, tenant, accessKind, data: { own: true } }))
  return { tenant, userId, jwt: await create('jwt'), opaque: await create('opaque') }
}

before(async () => {
  const order = { name: '', scopes: SCOPES, notAfterMs: null, nowMs: 0 }
  const { key: root } = await createApiKey(store, { ...order, app: null })
  for (const app of APPS) keys.set(app, (await createApiKey(store, { ...order, app })).key)
  server = await startServer({
    port: 0,
    storeInstance: store,
    logLevel: 'silent',
    failuresPerMinute: 0,
  })
  for (const app of APPS) {
    const url = app === 'default' ? server.url : `${server.url}/apps/${app}`
    cores.set(app, httpCoreClient(url, root))
    if (app !== 'default') valueIn(await coreOf('default').putApp({ name: app }))
    for (const tenant of TENANTS) {
      if (tenant !== 'default') valueIn(await coreOf(app).putTenant({ name: tenant }))
    }
  }
  for (const app of APPS) {
    for (const tenant of TENANTS) owners.set(`${app}/${tenant}`, await logIn(app, tenant))
  }
})
after(async () => {
  for (const core of cores.values()) await core.close()
  await server.close()
})

/** Whoever was tried is as before: both sessions live, their data is theirs, their tokens turn. */
async function isUntouched(app: string, owner: Owner): Promise<void> {
  const core = coreOf(app)
  const { tenant } = owner
  for (const { session, accessToken } of [owner.jwt, owner.opaque]) {
    const info = valueIn(await core.getSession({ handle: session.handle, tenant }))
    assert.deepEqual([info.claims, info.data], [{}, { own: true }])
    valueIn(await core.verifySession({ accessToken: accessToken.token, checkStore: true }))
  }
}

interface Pair {
  readonly app: string
  readonly tenant: string
  readonly ownerApp: string
  readonly owner: Owner
}

/** Tries all that belongs to one owner at one place; returns how much that was. */
async function tryAll(across: 'apps' | 'tenants', pair: Pair): Promise<number> {
  const { app, tenant, ownerApp, owner } = pair
  const trials = trialsOf({ tenant, owner }, across)
  for (const [operation, { name, request, judge }] of trials) {
    const outcome = await callBy(coreOf(app), operation, request)
    const where = `${operation} at ${app}/${tenant} with ${name} of ${ownerApp}/${owner.tenant}`
    try {
      judge(outcome)
    } catch (error) {
      assert.fail(`${where}: ${(error as Error).message}`)
    }
  }
  await isUntouched(ownerApp, owner)
  // Some trials end all sessions of the place they are made at.
  owners.set(`${app}/${tenant}`, await logIn(app, tenant))
  return trials.length
}

describe('the wall between apps and tenants', () => {
  it('leaves no route of the table untried', () => {
    assert.deepEqual(untriedRoutes(), [])
  })

  it('holds between apps: every route, every token and handle of every other one', async (test) => {
    let count = 0
    for (const app of APPS) {
      for (const tenant of TENANTS) {
        for (const ownerApp of APPS) {
          for (const ownerTenant of TENANTS) {
            if (app === ownerApp) continue
            const owner = ownerOf(ownerApp, ownerTenant)
            count += await tryAll('apps', { app, tenant, ownerApp, owner })
          }
        }
      }
    }
    test.diagnostic(`${count} trials`)
    assert.ok(count > (54 * Object.keys(ROUTES).length) / 2)
  })

  it('holds between tenants: every route, every handle of every other one', async (test) => {
    let count = 0
    for (const app of APPS) {
      for (const tenant of TENANTS) {
        for (const ownerTenant of TENANTS) {
          if (tenant === ownerTenant) continue
          const owner = ownerOf(app, ownerTenant)
          count += await tryAll('tenants', { app, tenant, ownerApp: app, owner })
        }
      }
    }
    test.diagnostic(`${count} trials`)
  })

  it('says of a token whose tenant it is, and nothing else, inside one app', async () => {
    for (const tenant of TENANTS) {
      const { jwt, opaque } = ownerOf('shop', tenant)
      for (const { accessToken } of [jwt, opaque]) {
        const verified = await coreOf('shop').verifySession({ accessToken: accessToken.token })
        assert.equal(valueIn(verified).tenant, tenant)
      }
    }
  })

  it('keeps what was revoked in one app out of the feeds of the others', async () => {
    const { session } = valueIn(await coreOf('mail').createSession({ userId: 'bob' }))
    valueIn(await coreOf('mail').revokeSession({ handle: session.handle }))
    for (const app of APPS) {
      const { entries } = valueIn(await coreOf(app).listRevocations({}))
      const isThere = entries.some((one) => one.kind === 'session' && one.handle === session.handle)
      assert.equal(isThere, app === 'mail', app)
    }
  })

  it('knows no key of another app', async () => {
    const kids = new Set<string>()
    for (const app of APPS) {
      for (const { kid } of valueIn(await coreOf(app).getKeys({})).keys) {
        assert.equal(kids.has(kid), false)
        kids.add(kid)
      }
    }
  })

  it('refuses an API key of one app at every route of another, and of the installation', async () => {
    for (const [operation, route] of Object.entries(ROUTES)) {
      if (route.scope === 'open') continue
      const path = route.path.replace('{handle}', HANDLE).replace('{name}', 'acme')
      for (const own of APPS) {
        for (const app of APPS) {
          const isRoot = 'isRootOnly' in route
          if (own === app && !isRoot) continue
          const url = server.url + (app === 'default' ? '' : `/apps/${app}`) + path
          const headers = {
            authorization: `Bearer ${keys.get(own)}`,
            'content-type': 'application/json',
          }
          const body = route.method === 'POST' || route.method === 'PUT' ? {} : undefined
          const options = { method: route.method, headers, ...(body ? { body } : {}) }
          const { status, body: answer } = await exchange(url, options)
          const where = `${operation} at ${app} with the key of ${own}`
          assert.equal(status, ERRORS.api_key_scope.status, where)
          assert.equal((answer as { code: string }).code, 'api_key_scope', where)
        }
      }
    }
  })

  it('serves the routes of the installation at the default app alone', async () => {
    for (const [operation, route] of Object.entries(ROUTES)) {
      if (!('isRootOnly' in route)) continue
      const outcome = await callBy(coreOf('shop'), operation as Operation, { name: 'mail' })
      const expected = operation === 'listApps' ? ['not_found', 'invalid_request'] : ['not_found']
      assert.ok(outcome.kind === 'refused' && expected.includes(outcome.code), operation)
    }
    valueIn(await coreOf('default').getApp({ name: 'mail' }))
  })
})
