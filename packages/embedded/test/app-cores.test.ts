import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Store, StoreError } from '@pawl/core'
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

interface World {
  readonly here: EmbeddedCore
  /** A core that has not looked since `here` made its tenants. */
  readonly there: EmbeddedCore
  /** From now on `there` cannot read records. */
  readonly cutRecords: () => void
  /** Makes the record of a tenant one that nobody can read. */
  readonly spoilTenant: (name: string) => Promise<void>
  /** How many records `there` has looked for, and how often it walked through them. */
  readonly reads: () => { readonly found: number; readonly walked: number }
  /** What was said of trouble with the store of `there`. */
  readonly troubles: readonly string[]
}

/** Two cores over one store. */
async function openWorld(t: TestContext): Promise<World> {
  const store = memoryStore()
  let isCut = false
  let found = 0
  let walked = 0
  const guard = (): void => {
    if (isCut) throw new StoreError('timeout', 'records do not answer')
  }
  const watched: Store = {
    ...store,
    async findRecord(key) {
      guard()
      found += 1
      return store.findRecord(key)
    },
    async walkRecords(after, limit) {
      guard()
      walked += 1
      return store.walkRecords(after, limit)
    },
  }
  const options = {
    ...{ secret: generateSecret(), clock: manualClock(), closesStore: false },
    onTrouble: () => {},
  }
  const here = await embedCore({ ...options, store })
  const troubles: string[] = []
  const onStoreError = ({ kind }: StoreError): number => troubles.push(kind)
  const there = await embedCore({ ...options, store: watched, onStoreError })
  t.after(async () => {
    await Promise.all([here.close(), there.close()])
    await store.close()
  })
  return {
    here,
    there,
    cutRecords: () => {
      isCut = true
    },
    async spoilTenant(name) {
      const key = { kind: 'tenant', app: 'default', id: name }
      const version = (await store.findRecord(key))?.version ?? -1
      assert.ok(await store.replaceRecord(key, version, '{"settings":7}'))
    },
    reads: () => ({ found, walked }),
    troubles,
  }
}

const logIn = async (core: CoreApi, more: object = {}): Promise<Grant> =>
  valueIn(await core.createSession({ userId: 'ada', tenant: 'acme', ...more }))

const refreshed = (core: CoreApi, ...grants: readonly Grant[]) =>
  core.refreshSession({ refreshTokens: grants.map(({ refreshToken }) => refreshToken.token) })

const verified = (core: CoreApi, { accessToken }: Grant) =>
  core.verifySession({ accessToken: accessToken.token, checkStore: true })

describe('a token of a tenant that another core has just made', () => {
  it('refreshes at once', async (t) => {
    const { here, there } = await openWorld(t)
    valueIn(await here.putTenant({ name: 'acme' }))
    valueIn(await refreshed(there, await logIn(here)))
  })

  it('is found among several, so that none is passed over', async (t) => {
    const { here, there } = await openWorld(t)
    const old = valueIn(await here.createSession({ userId: 'ada' }))
    valueIn(await here.putTenant({ name: 'acme' }))
    const renewed = valueIn(await refreshed(here, await logIn(here)))
    refuses(await refreshed(there, old, renewed), 'sessions_conflict')
    valueIn(await here.revokeSession({ handle: old.session.handle }))
    assert.equal(valueIn(await refreshed(there, old, renewed)).session.tenant, 'acme')
  })

  it('verifies at once, be it a JWT or opaque', async (t) => {
    const { here, there } = await openWorld(t)
    valueIn(await here.putTenant({ name: 'acme' }))
    for (const accessKind of ['jwt', 'opaque']) {
      valueIn(await verified(there, await logIn(here, { accessKind })))
    }
  })

  it('is signed out, not passed over', async (t) => {
    const { here, there } = await openWorld(t)
    valueIn(await here.putTenant({ name: 'acme' }))
    const grant = await logIn(here)
    const refreshTokens = [grant.refreshToken.token]
    const { handles } = valueIn(await there.signOut({ refreshTokens }))
    assert.deepEqual(handles, [grant.session.handle])
    refuses(await refreshed(here, grant), 'session_ended')
  })

  it('is refused as unavailable while nobody can look', async (t) => {
    const { here, there, cutRecords, troubles } = await openWorld(t)
    valueIn(await here.putTenant({ name: 'acme' }))
    const grant = await logIn(here)
    cutRecords()
    refuses(await refreshed(there, grant), 'unavailable')
    refuses(await verified(there, grant), 'unavailable')
    const refreshTokens = [grant.refreshToken.token]
    refuses(await there.signOut({ refreshTokens }), 'unavailable')
    assert.deepEqual(troubles, ['timeout', 'timeout', 'timeout'])
  })
})

describe('a token that is good but whose tenant is gone', () => {
  it('costs no more than a look at the names it holds, and is invalid', async (t) => {
    const { here, there, reads } = await openWorld(t)
    valueIn(await here.putTenant({ name: 'acme' }))
    const grant = await logIn(here)
    valueIn(await here.removeTenant({ name: 'acme' }))
    const before = reads()
    refuses(await refreshed(there, grant), 'refresh_token_invalid')
    refuses(await verified(there, grant), 'access_token_invalid')
    assert.deepEqual(reads(), { found: before.found + 2, walked: before.walked })
  })

  it('leaves what is forged without any look', async (t) => {
    const { there, reads } = await openWorld(t)
    const before = reads()
    refuses(await there.refreshSession({ refreshTokens: ['forged'] }), 'refresh_token_invalid')
    refuses(await there.verifySession({ accessToken: 'forged' }), 'access_token_invalid')
    assert.deepEqual(reads(), before)
  })
})

describe('a token of a new tenant whose record cannot be read', () => {
  it('is refused as unavailable, never as invalid', async (t) => {
    const { here, there, spoilTenant } = await openWorld(t)
    valueIn(await here.putTenant({ name: 'acme' }))
    const grant = await logIn(here)
    await spoilTenant('acme')
    refuses(await refreshed(there, grant), 'unavailable')
    refuses(await refreshed(there, grant), 'unavailable')
  })
})

describe('a log-in to a tenant that is unknown here', () => {
  it('succeeds where another core has just made it', async (t) => {
    const { here, there } = await openWorld(t)
    valueIn(await here.putTenant({ name: 'acme' }))
    await logIn(there)
  })

  it('costs one small read for all made-up names of a moment', async (t) => {
    const { there, reads } = await openWorld(t)
    const before = reads()
    const named = ['acme', 'nobody', 'acme'].map((tenant) =>
      there.createSession({ userId: 'ada', tenant }),
    )
    for (const outcome of await Promise.all(named)) refuses(outcome, 'tenant_unknown')
    refuses(await there.createSession({ userId: 'ada', tenant: 'other' }), 'tenant_unknown')
    assert.deepEqual(reads(), { found: before.found + 1, walked: before.walked })
  })

  it('is refused as unavailable while nobody can look', async (t) => {
    const { there, cutRecords } = await openWorld(t)
    cutRecords()
    refuses(await there.createSession({ userId: 'ada', tenant: 'acme' }), 'unavailable')
  })
})
