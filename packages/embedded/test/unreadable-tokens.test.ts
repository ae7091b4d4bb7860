import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { SessionEvent } from '@pawl/core'
import type { CoreApi, ErrorCode, Grant, Outcome } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { type EmbeddedCore, embedCore, generateSecret } from '../src/index.ts'
import { manualClock } from './manual-clock.ts'

function valueIn<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

function refuses(outcome: Outcome<unknown>, code: ErrorCode): void {
  assert.equal(outcome.kind === 'refused' ? outcome.code : 'ok', code)
}

const logIn = async (core: CoreApi, tenant = 'default'): Promise<Grant> =>
  valueIn(await core.createSession({ userId: 'ada', tenant }))

const textsOf = (...grants: readonly Grant[]) => ({
  refreshTokens: grants.map(({ refreshToken }) => refreshToken.token),
})

interface World {
  readonly core: EmbeddedCore
  readonly shop: CoreApi
  readonly spoil: (record: { kind: string; app: string; id: string }) => Promise<void>
  readonly events: readonly SessionEvent['kind'][]
}

/** A core with the tenant `acme` and the app `shop`, whose records can be spoilt. */
async function openWorld(t: TestContext): Promise<World & { readonly pass: (ms: number) => void }> {
  const store = memoryStore()
  const clock = manualClock()
  const events: SessionEvent['kind'][] = []
  const onEvent = ({ kind }: SessionEvent): number => events.push(kind)
  const options = { store, secret: generateSecret(), clock, onEvent, onTrouble: () => {} }
  const core = await embedCore(options)
  t.after(() => core.close())
  valueIn(await core.putTenant({ name: 'acme' }))
  valueIn(await core.putApp({ name: 'shop' }))
  const shop = core.app('shop')
  assert.ok(shop)
  async function spoil(key: { kind: string; app: string; id: string }): Promise<void> {
    const record = await store.findRecord(key)
    assert.ok(record)
    assert.ok(await store.replaceRecord(key, record.version, '{"settings":7}'))
    await core.reloadApps()
  }
  return { core, shop, spoil, events, pass: (ms) => clock.advance(ms) }
}

const ACME = { kind: 'tenant', app: 'default', id: 'acme' }
const SHOP = { kind: 'app', app: '*', id: 'shop' }

describe('a refresh token beside one whose tenant cannot be read', () => {
  it('refreshes, whichever comes first', async (t) => {
    const { core, spoil } = await openWorld(t)
    const [spoilt, good] = [await logIn(core, 'acme'), await logIn(core)]
    await spoil(ACME)
    const renewed = valueIn(await core.refreshSession(textsOf(spoilt, good)))
    assert.equal(renewed.session.handle, good.session.handle)
    valueIn(await core.refreshSession(textsOf(renewed, spoilt)))
  })

  it('is refused for the time being, and no theft is told, where it alone would end a session', async (t) => {
    const { core, spoil, events, pass } = await openWorld(t)
    const [spoilt, former] = [await logIn(core, 'acme'), await logIn(core)]
    let newest = former
    for (let turn = 0; turn < 3; turn++) {
      pass(300_000)
      newest = valueIn(await core.refreshSession(textsOf(newest)))
    }
    await spoil(ACME)
    refuses(await core.refreshSession(textsOf(former, spoilt)), 'unavailable')
    assert.ok(!events.includes('theft'))
    valueIn(await core.refreshSession(textsOf(newest)))
    refuses(await core.refreshSession(textsOf(former)), 'token_theft')
  })

  it('does not log out where its own session has ended', async (t) => {
    const { core, spoil } = await openWorld(t)
    const [spoilt, ended] = [await logIn(core, 'acme'), await logIn(core)]
    valueIn(await core.signOut(textsOf(ended)))
    await spoil(ACME)
    refuses(await core.refreshSession(textsOf(ended, spoilt)), 'unavailable')
    refuses(await core.refreshSession(textsOf(spoilt)), 'unavailable')
    refuses(await core.refreshSession(textsOf(spoilt, spoilt)), 'unavailable')
  })

  it('is signed out, and the other is said to be left', async (t) => {
    const { core, spoil } = await openWorld(t)
    const [spoilt, good] = [await logIn(core, 'acme'), await logIn(core)]
    await spoil(ACME)
    refuses(await core.signOut(textsOf(spoilt, good)), 'unavailable')
    refuses(await core.refreshSession(textsOf(good)), 'session_ended')
  })
})

describe('a refresh token beside one of another app, which cannot be read', () => {
  it('is judged as if it had come alone', async (t) => {
    const { core, shop, spoil } = await openWorld(t)
    const [foreign, good] = [await logIn(shop), await logIn(core)]
    await spoil(SHOP)
    const renewed = valueIn(await core.refreshSession(textsOf(foreign, good)))
    const { handles } = valueIn(await core.signOut(textsOf(foreign, renewed)))
    assert.deepEqual(handles, [good.session.handle])
    refuses(await core.refreshSession(textsOf(foreign, renewed)), 'session_ended')
  })
})
