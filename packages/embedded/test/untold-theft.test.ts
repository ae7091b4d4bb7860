import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '@pawl/store-testkit'
import { embedCore, generateSecret } from '../src/index.ts'
import { manualClock } from './manual-clock.ts'

test('a theft that the core did not live to tell of is found in the feed of revocations', async () => {
  const store = memoryStore()
  const revoke = store.revoke
  const clock = manualClock()
  const events: string[] = []
  const options = { store, secret: generateSecret(), clock, closesStore: false }
  const dying = await embedCore({ ...options, onEvent: ({ kind }) => events.push(kind) })
  const created = await dying.createSession({ userId: 'ada' })
  assert.ok(created.kind === 'ok')
  const { session, refreshToken } = created.value
  let token = refreshToken.token
  for (let turn = 0; turn < 3; turn++) {
    clock.advance(300_000)
    const next = await dying.refreshSession({ refreshTokens: [token] })
    assert.ok(next.kind === 'ok')
    token = next.value.refreshToken.token
  }
  // The end is in the store; whoever asked for it hears no more of it.
  const { promise: committed, resolve } = Promise.withResolvers<void>()
  store.revoke = async (key, revocation) => {
    await revoke.call(store, key, revocation)
    resolve()
    return new Promise<boolean>(() => {})
  }
  void dying.refreshSession({ refreshTokens: [refreshToken.token] })
  await committed
  store.revoke = revoke
  await dying.close()
  assert.ok(!events.includes('theft'))

  const core = await embedCore(options)
  const found = await core.listRevocations({})
  assert.ok(found.kind === 'ok')
  assert.deepEqual(
    found.value.entries.map((entry) => entry.kind === 'session' && [entry.handle, entry.reason]),
    [[session.handle, 'theft']],
  )
  const late = await core.refreshSession({ refreshTokens: [token] })
  assert.equal(late.kind === 'refused' && late.session?.reason, 'theft')
  await core.close()
  await store.close()
})
