import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type SessionEvent, type Store, StoreError } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { embedCore, generateSecret } from '../src/index.ts'
import { manualClock } from './manual-clock.ts'

const secret = generateSecret()

describe('an embedded core', () => {
  it('names every fault of its settings at once, with the app they belong to', async () => {
    const opening = embedCore({
      store: memoryStore(),
      secret,
      settings: { accessTtlSeconds: 60 },
      apps: { Shop: {}, mail: { idleTimeoutSeconds: 10 } },
    })
    await assert.rejects(opening, (error: Error) => {
      assert.match(error.message, /race window/)
      assert.match(error.message, /"Shop" is not legal/)
      assert.match(error.message, /app mail: the idle timeout/)
      return true
    })
  })

  it('that fails to start late leaves no timer behind, and the store to its owner', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
    const store = memoryStore()
    let asked = 0
    const unreadable: Store = {
      ...store,
      clockMs: async () => {
        asked += 1
        return store.clockMs()
      },
      walkRecords: async () => {
        throw new StoreError('timeout', 'records do not answer')
      },
    }
    await assert.rejects(embedCore({ store: unreadable, secret }), { kind: 'timeout' })
    const before = asked
    assert.ok(before > 0)
    for (let minute = 0; minute < 10; minute++) {
      t.mock.timers.tick(60_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(asked, before)
    const core = await embedCore({ store, secret })
    await core.close()
  })

  it('knows its apps by name', async () => {
    const core = await embedCore({ store: memoryStore(), secret, apps: { shop: {} } })
    assert.equal(core.app('nobody'), undefined)
    const settings = await core.app('shop')?.getSettings({})
    assert.equal(settings?.kind === 'ok' && settings.value.audience, 'shop')
    await core.close()
  })

  it('goes on when an observer throws, and says so', async () => {
    const troubles: unknown[] = []
    const core = await embedCore({
      store: memoryStore(),
      secret,
      onEvent() {
        throw new Error('observer')
      },
      onTrouble: (error) => troubles.push(error),
    })
    const created = await core.createSession({ userId: 'ada' })
    assert.equal(created.kind, 'ok')
    assert.equal(troubles.length, 1)
    await core.close()
  })

  it('tells of a log-in, a refresh, a theft and the end, with handles and no tokens', async () => {
    const events: SessionEvent[] = []
    const core = await embedCore({ store: memoryStore(), secret, onEvent: (e) => events.push(e) })
    const created = await core.createSession({ userId: 'ada' })
    assert.ok(created.kind === 'ok')
    let token = created.value.refreshToken.token
    for (let turn = 0; turn < 3; turn++) {
      const next = await core.refreshSession({ refreshTokens: [token] })
      assert.ok(next.kind === 'ok')
      token = next.value.refreshToken.token
    }
    const root = created.value.refreshToken.token
    const stolen = await core.refreshSession({ refreshTokens: [root] })
    assert.equal(stolen.kind === 'refused' && stolen.code, 'token_theft')
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['created', 'refreshed', 'refreshed', 'refreshed', 'theft', 'ended'],
    )
    assert.doesNotMatch(JSON.stringify(events), /pawl_|eyJ/)
    await core.close()
  })

  it('sweeps what has ended', async () => {
    const clock = manualClock()
    const core = await embedCore({ store: memoryStore(), secret, clock })
    for (let user = 0; user < 450; user++) await core.createSession({ userId: `u${user}` })
    assert.equal(await core.sweep(), 0)
    clock.advance(91 * 86_400_000)
    assert.equal(await core.sweep(), 450)
    assert.equal(await core.sweep(), 0)
    await core.close()
  })

  it('closes its store unless told otherwise, and may be closed twice', async () => {
    const store = memoryStore()
    const kept = await embedCore({ store, secret, closesStore: false })
    await kept.close()
    await kept.close()
    const core = await embedCore({ store, secret })
    await core.close()
    const outcome = await core.createSession({ userId: 'ada' })
    assert.equal(outcome.kind === 'refused' && outcome.code, 'unavailable')
  })
})
