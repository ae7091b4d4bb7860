import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { CoreApi, ErrorCode, Grant, Outcome } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { type EmbeddedCore, embedCore, generateSecret } from '../src/index.ts'
import { manualClock } from './manual-clock.ts'

const secret = generateSecret()
const store = memoryStore()
const clock = manualClock()
let here: EmbeddedCore
let there: EmbeddedCore

before(async () => {
  const options = { store, secret, clock, closesStore: false, apps: { fixed: {} } }
  here = await embedCore(options)
  there = await embedCore(options)
})
after(async () => {
  await Promise.all([here.close(), there.close()])
  await store.close()
})

function valueIn<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

function refuses(outcome: Outcome<unknown>, code: ErrorCode): void {
  assert.equal(outcome.kind === 'refused' ? outcome.code : 'ok', code)
}

const logIn = async (core: CoreApi, tenant: string, more: object = {}): Promise<Grant> => {
  return valueIn(await core.createSession({ userId: 'ada', tenant, ...more }))
}

/** Tries every way in which tokens of a grant may still mean something. */
async function meansNothing(core: CoreApi, grant: Grant): Promise<void> {
  const accessToken = grant.accessToken.token
  const refreshTokens = [grant.refreshToken.token]
  refuses(await core.refreshSession({ refreshTokens }), 'refresh_token_invalid')
  refuses(await core.verifySession({ accessToken }), 'access_token_invalid')
  refuses(await core.verifySession({ accessToken, checkStore: true }), 'access_token_invalid')
  assert.deepEqual(valueIn(await core.signOut({ refreshTokens, accessToken })).handles, [])
  const { handle, tenant } = grant.session
  refuses(await core.getSession({ handle, tenant }), 'session_not_found')
}

describe('tenants', () => {
  it('are there at once on the core that made them, and on the others for a log-in', async () => {
    const made = valueIn(await here.putTenant({ name: 'acme', settings: { assurance: 'aal2' } }))
    assert.deepEqual(made.settings, { assurance: 'aal2' })
    assert.equal(made.inForce.absoluteTimeoutSeconds, 86_400)
    assert.equal(made.inForce.idleTimeoutSeconds, 3_600)
    const { session } = await logIn(here, 'acme')
    assert.equal(session.absoluteExpiresAtMs, session.createdAtMs + 86_400_000)
    await logIn(there, 'acme')
  })

  it('change by version, and name every fault of settings at once', async () => {
    const { version } = valueIn(await here.getTenant({ name: 'acme' }))
    refuses(await here.putTenant({ name: 'acme', version: 0 }), 'already_exists')
    refuses(await here.putTenant({ name: 'acme', version: 9 }), 'version_conflict')
    const settings = { sessionLimit: { max: 3, policy: 'refuse' } } as const
    const change = { name: 'acme', settings, version: version ?? -1 }
    assert.equal(valueIn(await there.putTenant(change)).version, (version ?? 0) + 1)
    refuses(await here.putTenant(change), 'version_conflict')
    const bad = await here.putTenant({
      name: 'bad',
      settings: { accessTtlSeconds: 100, idleTimeoutSeconds: 150, absoluteTimeoutSeconds: 120 },
    })
    refuses(bad, 'invalid_request')
    const detail = bad.kind === 'refused' ? bad.detail : ''
    for (const fault of [/race window/, /at least twice/, /must not exceed/]) {
      assert.match(detail, fault)
    }
    refuses(await here.putTenant({ name: 'default' }), 'already_exists')
  })

  it('take their sessions with them; the name made again revives nothing', async () => {
    await here.putTenant({ name: 'gone' })
    await there.reloadApps()
    const grants = [await logIn(here, 'gone'), await logIn(there, 'gone', { accessKind: 'opaque' })]
    clock.advance(1_000)
    assert.equal(valueIn(await here.removeTenant({ name: 'gone' })).removed, true)
    assert.equal(valueIn(await here.removeTenant({ name: 'gone' })).removed, false)
    for (const grant of grants) await meansNothing(here, grant)
    // A core that has not looked yet still knows the tenant: its sessions have ended all the same.
    const late = await logIn(there, 'gone')
    for (const { refreshToken } of grants) {
      const refreshTokens = [refreshToken.token]
      refuses(await there.refreshSession({ refreshTokens }), 'session_ended')
    }
    clock.advance(1_000)
    await here.putTenant({ name: 'gone' })
    await there.reloadApps()
    for (const core of [here, there]) {
      for (const grant of [...grants, late]) await meansNothing(core, grant)
    }
    const again = await logIn(here, 'gone')
    valueIn(await here.refreshSession({ refreshTokens: [again.refreshToken.token] }))
  })
})

describe('apps', () => {
  it('are managed at the root only, and those of the configuration not at all', async () => {
    refuses(await (here.app('fixed') as CoreApi).putApp({ name: 'x' }), 'not_found')
    refuses(await (here.app('fixed') as CoreApi).listApps({}), 'not_found')
    refuses(await here.putApp({ name: 'fixed' }), 'already_exists')
    refuses(await here.removeApp({ name: 'default' }), 'invalid_request')
    const { apps, next } = valueIn(await here.listApps({ limit: 1 }))
    assert.deepEqual([apps.map(({ name }) => name), next], [['default'], 'default'])
  })

  it('have keys of their own at once, and settings that change while they run', async () => {
    valueIn(await here.putApp({ name: 'shop', settings: { accessTtlSeconds: 600 } }))
    const shop = here.app('shop') as CoreApi
    const [own] = valueIn(await shop.getKeys({})).keys
    const [root] = valueIn(await here.getKeys({})).keys
    assert.notEqual(own?.kid, root?.kid)
    assert.equal(valueIn(await shop.getSettings({})).accessTtlSeconds, 600)
    valueIn(await here.putApp({ name: 'shop', settings: { accessTtlSeconds: 300 } }))
    assert.equal(valueIn(await shop.getSettings({})).accessTtlSeconds, 300)
    await there.reloadApps()
    const elsewhere = there.app('shop') as CoreApi
    assert.equal(valueIn(await elsewhere.getKeys({})).keys[0]?.kid, own?.kid)
    const grant = await logIn(shop, 'default')
    valueIn(await elsewhere.verifySession({ accessToken: grant.accessToken.token }))
  })

  it('name the faults of their tenants when they change', async () => {
    const shop = here.app('shop') as CoreApi
    valueIn(await shop.putTenant({ name: 'acme', settings: { idleTimeoutSeconds: 700 } }))
    const bad = await here.putApp({ name: 'shop', settings: { accessTtlSeconds: 600 } })
    assert.match(bad.kind === 'refused' ? bad.detail : '', /tenant acme: the idle timeout/)
  })

  it('end with all their tenants and sessions; the name made again revives nothing', async () => {
    const shop = here.app('shop') as CoreApi
    const grants = [await logIn(shop, 'default'), await logIn(shop, 'acme')]
    clock.advance(1_000)
    assert.equal(valueIn(await here.removeApp({ name: 'shop' })).removed, true)
    assert.equal(here.app('shop'), undefined)
    const refreshTokens = grants.map(({ refreshToken }) => refreshToken.token)
    refuses(await shop.refreshSession({ refreshTokens }), 'app_unknown')
    clock.advance(1_000)
    valueIn(await here.putApp({ name: 'shop' }))
    const again = here.app('shop') as CoreApi
    valueIn(await again.putTenant({ name: 'acme' }))
    for (const grant of grants) await meansNothing(again, grant)
    await logIn(again, 'acme')
  })
})
