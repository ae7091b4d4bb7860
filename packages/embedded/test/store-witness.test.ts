import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { RecordKey, Store } from '@pawl/core'
import type { Grant, Outcome } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { type EmbeddedCore, embedCore, generateSecret } from '../src/index.ts'
import { manualClock } from './manual-clock.ts'

const MARK: RecordKey = { kind: 'master-secret', app: '*', id: 'fingerprint' }

function valueIn<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

/** A core whose store can be exchanged under it, and a session of it. */
async function openWorld(t: TestContext): Promise<{
  readonly core: EmbeddedCore
  readonly grant: Grant
  readonly at: { store: Store }
  readonly secret: string
  /** How often the mark was read. */
  readonly looks: () => number
}> {
  const secret = generateSecret()
  const at = { store: memoryStore() }
  let looks = 0
  const methods = Object.keys(at.store) as (keyof Store)[]
  const steps = methods
    .filter((name) => typeof at.store[name] === 'function')
    .map((name) => [
      name,
      (...args: readonly never[]) => {
        const [key] = args as unknown as readonly [RecordKey | undefined]
        if (name === 'findRecord' && key?.kind === MARK.kind) looks += 1
        return (at.store[name] as (...all: readonly never[]) => unknown)(...args)
      },
    ])
  const store = { ...at.store, ...Object.fromEntries(steps) } as Store
  const core = await embedCore({ store, secret, clock: manualClock() })
  t.after(() => core.close())
  const grant = valueIn(await core.createSession({ userId: 'ada' }))
  return { core, grant, at, secret, looks: () => looks }
}

/** What becomes of a session at a core, by every way of asking. */
async function answersOf(core: EmbeddedCore, grant: Grant): Promise<readonly string[]> {
  const { handle, tenant } = grant.session
  const accessToken = grant.accessToken.token
  const refreshTokens = [grant.refreshToken.token]
  const outcomes = [
    await core.refreshSession({ refreshTokens }),
    await core.verifySession({ accessToken, checkStore: true }),
    await core.signOut({ refreshTokens }),
    await core.getSession({ handle, tenant }),
    await core.replaceData({ handle, tenant, data: {} }),
    await core.revokeSession({ handle, tenant }),
  ]
  return outcomes.map((outcome) => (outcome.kind === 'ok' ? 'ok' : outcome.code))
}

const unavailable = Array.from({ length: 6 }, () => 'unavailable')

describe('a store that comes back empty', () => {
  it('ends nobody: everything about a session is unavailable until the store is back', async (t) => {
    const { core, grant, at } = await openWorld(t)
    const { store } = at
    at.store = memoryStore()
    assert.deepEqual(await answersOf(core, grant), unavailable)
    await assert.rejects(core.ping(), /the store is not the one that this core was started with/)
    at.store = store
    await core.ping()
    assert.equal((await answersOf(core, grant))[0], 'ok')
  })

  it('is not this one either once another core has begun anew in it', async (t) => {
    const { core, grant, at, secret } = await openWorld(t)
    at.store = memoryStore()
    const other = await embedCore({ store: at.store, secret, closesStore: false })
    t.after(() => other.close())
    assert.deepEqual(await answersOf(core, grant), unavailable)
    await assert.rejects(core.ping(), /not the one/)
    await other.ping()
  })
})

describe('a store that is still the same', () => {
  it('says of a session that is gone that it has ended; one that is there costs no look', async (t) => {
    const { core, grant, looks } = await openWorld(t)
    const before = looks()
    const refreshTokens = [grant.refreshToken.token]
    const next = valueIn(await core.refreshSession({ refreshTokens }))
    valueIn(await core.verifySession({ accessToken: next.accessToken.token, checkStore: true }))
    assert.equal(looks(), before)
    const gone = await core.getSession({ handle: 'a'.repeat(22), tenant: 'default' })
    assert.equal(gone.kind === 'refused' ? gone.code : 'ok', 'session_not_found')
    assert.equal(looks(), before + 1)
  })

  it('stays itself when its secret is replaced, also by one that this core does not hold', async (t) => {
    const { core, grant, at } = await openWorld(t)
    const record = await at.store.findRecord(MARK)
    assert.ok(record)
    const mark = JSON.parse(record.value)
    const value = JSON.stringify({ ...mark, id: 'x', fingerprint: 'of another secret' })
    await at.store.replaceRecord(MARK, record.version, value)
    await core.ping()
    assert.equal((await answersOf(core, grant)).at(-1), 'ok')
    assert.equal((await answersOf(core, grant))[0], 'session_ended')
  })

  it('is known by its secret where an older core has left the mark', async (t) => {
    const secret = generateSecret()
    const store = memoryStore()
    await (await embedCore({ store, secret, closesStore: false })).close()
    const record = await store.findRecord(MARK)
    assert.ok(record)
    const { id, fingerprint } = JSON.parse(record.value)
    await store.replaceRecord(MARK, record.version, JSON.stringify({ id, fingerprint }))
    const core = await embedCore({ store, secret })
    t.after(() => core.close())
    await core.ping()
    const other = JSON.stringify({ id: 'x', fingerprint: 'of another secret' })
    await store.replaceRecord(MARK, record.version + 1, other)
    await core.ping()
    await store.deleteRecord(MARK)
    await store.insertRecord(MARK, other)
    await assert.rejects(core.ping(), /not the one/)
  })
})
