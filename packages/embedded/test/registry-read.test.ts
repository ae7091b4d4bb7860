import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type AppSettings, rotationSettings, type Store } from '@pawl/core'
import type { CoreApi, ErrorCode, Grant, Outcome } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { type EmbeddedCore, type EmbedOptions, embedCore, generateSecret } from '../src/index.ts'
import { manualClock } from './manual-clock.ts'

const CREATED_AT_MS = 1_767_225_000_000

function valueIn<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

function refuses(outcome: Outcome<unknown>, code: ErrorCode): void {
  assert.equal(outcome.kind === 'refused' ? outcome.code : 'ok', code)
}

const logIn = async (core: CoreApi | undefined, tenant = 'default'): Promise<Grant> =>
  valueIn(await (core as CoreApi).createSession({ userId: 'ada', tenant }))

interface World {
  readonly store: Store
  /** What was reported, one sentence each. */
  readonly troubles: string[]
  readonly open: (more?: Partial<EmbedOptions>) => Promise<EmbeddedCore>
}

/** A store in which cores come and go. */
function openWorld(t: TestContext): World {
  const store = memoryStore()
  const troubles: string[] = []
  const cores: EmbeddedCore[] = []
  t.after(async () => {
    await Promise.all(cores.map((core) => core.close()))
    await store.close()
  })
  const options = { store, secret: generateSecret(), clock: manualClock(), closesStore: false }
  const onTrouble = (error: unknown): number => troubles.push((error as Error).message)
  return {
    store,
    troubles,
    async open(more) {
      const core = await embedCore({ ...options, onTrouble, ...more })
      cores.push(core)
      return core
    },
  }
}

/** Puts the record of an app or tenant, as a core of another version would. */
async function putRecord(store: Store, place: string, value: object | string): Promise<void> {
  const [app = '', tenant] = place.split('/')
  const key =
    tenant === undefined ? { kind: 'app', app: '*', id: app } : { kind: 'tenant', app, id: tenant }
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  assert.equal(await store.insertRecord(key, text), true)
}

describe('records that a newer core has written', () => {
  it('are read without the settings that are not known here', async (t) => {
    const { store, troubles, open } = openWorld(t)
    const createdAtMs = CREATED_AT_MS
    const sessionLimit = { max: 3, policy: 'refuse', per: 'device' }
    const settings = { accessTtlSeconds: 600, tomorrow: { is: 'new' }, sessionLimit }
    await putRecord(store, 'shop', { settings, createdAtMs, author: 'ada' })
    await putRecord(store, 'shop/acme', { settings: { sessionLimit, soon: 1 }, createdAtMs })
    const core = await open()
    const shop = core.app('shop') as CoreApi
    assert.equal(valueIn(await shop.getSettings({})).accessTtlSeconds, 600)
    const { settings: own } = valueIn(await shop.getTenant({ name: 'acme' }))
    assert.deepEqual(own, { sessionLimit: { max: 3, policy: 'refuse' } })
    await logIn(shop, 'acme')
    assert.deepEqual(troubles, [])
  })
})

describe('an app whose record cannot be read', () => {
  const broken = { settings: { accessKind: 'of tomorrow' }, createdAtMs: CREATED_AT_MS }

  it('answers unavailable, and is reported; the rest of the installation goes on', async (t) => {
    const { store, troubles, open } = openWorld(t)
    await putRecord(store, 'bad', broken)
    await putRecord(store, 'worse', 'no JSON')
    await putRecord(store, 'good', { settings: {}, createdAtMs: CREATED_AT_MS })
    const core = await open()
    await logIn(core)
    await logIn(core.app('good'))
    for (const name of ['bad', 'worse']) {
      const app = core.app(name) as CoreApi
      refuses(await app.createSession({ userId: 'ada' }), 'unavailable')
      refuses(await app.getSettings({}), 'unavailable')
      const { faults } = valueIn(await core.getApp({ name }))
      assert.match(faults.join(), new RegExp(`the record of the app ${name} cannot be read`))
    }
    await core.reloadApps()
    assert.equal(troubles.length, 2)
    assert.match(troubles.join(), /the app bad cannot be read: it answers 503 until/)
  })

  it('breaks while cores run: its tokens are unavailable, not forged, and work again', async (t) => {
    const { store, open } = openWorld(t)
    const core = await open()
    valueIn(await core.putApp({ name: 'shop' }))
    const shop = core.app('shop') as CoreApi
    const grant = await logIn(shop)
    const refreshTokens = [grant.refreshToken.token]
    const record = await store.findRecord({ kind: 'app', app: '*', id: 'shop' })
    assert.ok(record)
    await store.replaceRecord(record, record.version, JSON.stringify(broken))
    await core.reloadApps()
    refuses(await shop.refreshSession({ refreshTokens }), 'unavailable')
    refuses(await shop.verifySession({ accessToken: grant.accessToken.token }), 'unavailable')
    refuses(await shop.signOut({ refreshTokens }), 'unavailable')
    valueIn(await core.putApp({ name: 'shop', settings: {} }))
    valueIn(await shop.refreshSession({ refreshTokens }))
  })

  it('can be removed, with its tenants and sessions', async (t) => {
    const { store, open } = openWorld(t)
    await putRecord(store, 'bad', 'no JSON')
    await putRecord(store, 'bad/acme', { settings: {}, createdAtMs: CREATED_AT_MS })
    const core = await open()
    assert.equal(valueIn(await core.removeApp({ name: 'bad' })).removed, true)
    assert.equal(core.app('bad'), undefined)
    assert.deepEqual(await store.listRecords('tenant', 'bad'), [])
  })
})

describe('a tenant whose record cannot be read', () => {
  it('answers unavailable alone, and can be put anew or removed', async (t) => {
    const { store, troubles, open } = openWorld(t)
    await putRecord(store, 'default/bad', 'no JSON')
    await putRecord(store, 'default/good', { settings: {}, createdAtMs: CREATED_AT_MS })
    const core = await open()
    await logIn(core, 'good')
    refuses(await core.createSession({ userId: 'ada', tenant: 'bad' }), 'unavailable')
    assert.match(troubles.join(), /the tenant bad of the app default cannot be read/)
    valueIn(await core.putTenant({ name: 'bad' }))
    await logIn(core, 'bad')
    assert.equal(valueIn(await core.removeTenant({ name: 'bad' })).removed, true)
  })
})

describe('settings that became illegal by what they inherit', () => {
  const longer: Partial<AppSettings> = { accessTtlSeconds: 3600 }

  it('let everybody log in, with the nearest legal ones in force, and are reported', async (t) => {
    const { troubles, open } = openWorld(t)
    const before = await open()
    valueIn(await before.putApp({ name: 'shop', settings: { idleTimeoutSeconds: 3600 } }))
    const shopBefore = before.app('shop') as CoreApi
    valueIn(await shopBefore.putTenant({ name: 'acme', settings: { idleTimeoutSeconds: 1900 } }))

    const core = await open({ settings: longer })
    const { inForce, faults } = valueIn(await core.getApp({ name: 'shop' }))
    assert.deepEqual([inForce.accessTtlSeconds, inForce.idleTimeoutSeconds], [1800, 3600])
    assert.match(faults.join(), /the idle timeout \(3600 s\) must be at least twice/)
    const { session } = await logIn(core.app('shop'))
    assert.equal(session.idleExpiresAtMs - session.createdAtMs, 3_600_000)
    const acme = valueIn(await (core.app('shop') as CoreApi).getTenant({ name: 'acme' }))
    assert.equal(acme.inForce.accessTtlSeconds, 950)
    await logIn(core.app('shop'), 'acme')

    await core.reloadApps()
    assert.equal(troubles.length, 2)
    assert.match(troubles.join(), /the settings of the app shop do not go together/)
    assert.match(troubles.join(), /the settings of the tenant acme of the app shop do not/)
    assert.match(troubles.join(), /legal ones are in force: \{"accessTtlSeconds":1800,/)
  })

  it('shorten the race window of the whole app for the short access tokens of a tenant', async (t) => {
    const { open } = openWorld(t)
    const before = await open()
    valueIn(await before.putTenant({ name: 'brisk', settings: { accessTtlSeconds: 200 } }))
    const core = await open({ settings: { rotation: rotationSettings(100_000) } })
    const { raceWindowMs, settlingMs } = valueIn(await core.getSettings({}))
    assert.deepEqual([raceWindowMs, settlingMs], [63_333, 156_666])
    await logIn(core, 'brisk')
    await logIn(core)
  })

  it('are refused at the start where the program gives them', async (t) => {
    const { open } = openWorld(t)
    const acme = { accessTtlSeconds: 100 }
    await assert.rejects(
      open({ tenants: { default: { acme } } }),
      /not legal: tenant acme: the race window/,
    )
    await assert.rejects(
      open({ apps: { shop: {} }, tenants: { shop: { acme } } }),
      /not legal: app shop: tenant acme: the race window/,
    )
  })
})

describe('all apps and tenants', () => {
  it('are read in one walk, whatever the number of apps, and only if they have changed', async (t) => {
    const { store, open } = openWorld(t)
    for (let index = 0; index < 700; index++) {
      const createdAtMs = CREATED_AT_MS
      await putRecord(store, `app-${index}`, { settings: {}, createdAtMs })
      await putRecord(store, `app-${index}/acme`, { settings: {}, createdAtMs })
    }
    let pages = 0
    let lists = 0
    const counted: Store = {
      ...store,
      listRecords: (kind, app) => {
        lists += 1
        return store.listRecords(kind, app)
      },
      walkRecords: (after, limit) => {
        pages += 1
        return store.walkRecords(after, limit)
      },
    }
    const core = await open({ store: counted })
    await logIn(core.app('app-699'), 'acme')
    const before = { pages, lists }
    assert.ok(pages <= 4, `${pages} pages`)
    for (let index = 0; index < 50; index++) valueIn(await core.listApps({}))
    assert.deepEqual({ pages, lists }, before)
    await Promise.all(Array.from({ length: 50 }, () => core.reloadApps()))
    assert.ok(pages <= 3 * before.pages, `${pages} pages`)
  })
})
