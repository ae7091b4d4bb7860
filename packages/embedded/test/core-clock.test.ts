import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EpochMs } from '@pawl/core'
import type { CoreApi, Outcome } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { embedCore } from '../src/embed-core.ts'
import { generateSecret } from '../src/master-secret.ts'

const DAY_MS = 86_400_000

const codeOf = (outcome: Outcome<unknown>): string => (outcome.kind === 'ok' ? 'ok' : outcome.code)

const keysOf = async (core: CoreApi): Promise<readonly string[]> => {
  const outcome = await core.getKeys({})
  return outcome.kind === 'ok' ? outcome.value.keys.map((key) => String(key.kid)) : [outcome.code]
}

test('a core that is 15 days ahead of its store ends no session, deletes nothing and says so', async (t) => {
  const secret = generateSecret()
  const store = memoryStore()
  const right = await embedCore({ store, secret })
  const made = await right.createSession({ userId: 'ada' })
  assert.equal(made.kind, 'ok')
  const { accessToken, refreshToken, session } = made.value
  const troubles: string[] = []
  const keys = await keysOf(right)
  // No core has left a time that would settle which of the two clocks is right.
  const latest = await store.findRecord({ kind: 'clock', app: '*', id: 'latest' })
  assert.ok(latest !== undefined && (await store.deleteRecord(latest)))
  const nowMs = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: nowMs + 15 * DAY_MS })
  const clockMs = async () => nowMs as EpochMs
  const wrong = await embedCore({
    ...{ store: { ...store, clockMs }, secret, closesStore: false },
    onTrouble: (error) => troubles.push(String(error)),
  })
  t.after(async () => {
    await wrong.close()
    await right.close()
  })
  assert.match(wrong.clockFault() ?? '', /1296000 s ahead of the clock of the store/)
  assert.match(troubles.join(), /what needs the time is refused/)
  const answers = [
    await wrong.refreshSession({ refreshTokens: [refreshToken.token] }),
    await wrong.verifySession({ accessToken: accessToken.token, checkStore: true }),
    await wrong.createSession({ userId: 'bob' }),
    await wrong.revokeSessions({ userId: 'ada' }),
    await wrong.listRevocations({}),
    await wrong.putTenant({ name: 'acme' }),
  ]
  assert.deepEqual(new Set(answers.map(codeOf)), new Set(['unavailable']))
  assert.equal(await wrong.sweep(), 0)
  // Nothing is turned, deleted or withheld by that time either.
  assert.deepEqual(await keysOf(wrong), keys)
  t.mock.timers.reset()
  assert.deepEqual(await keysOf(right), keys)
  assert.equal(right.clockFault(), null)
  const refreshed = await right.refreshSession({ refreshTokens: [refreshToken.token] })
  assert.equal(refreshed.kind === 'ok' && refreshed.value.session.handle, session.handle)
})

test('after a machine slept nothing is decided by the time at which it fell asleep', async (t) => {
  const store = memoryStore()
  const clockMs = async () => Date.now() as EpochMs
  const core = await embedCore({
    store: { ...store, clockMs },
    secret: generateSecret(),
    settings: { idleTimeoutSeconds: 3_600 },
  })
  t.after(() => core.close())
  const made = await core.createSession({ userId: 'ada' })
  assert.equal(made.kind, 'ok')
  const refresh = { refreshTokens: [made.value.refreshToken.token] }
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 8 * 3_600_000 })
  assert.equal(codeOf(await core.refreshSession(refresh)), 'unavailable')
  while (core.clockFault() !== null) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(codeOf(await core.refreshSession(refresh)), 'session_ended')
  assert.ok(Math.abs(core.nowMs() - Date.now()) < 30_000)
})

test('a core that is told to ignore the clock of its store goes by its own', async (t) => {
  const troubles: string[] = []
  const clockMs = async () => (Date.now() - 15 * DAY_MS) as EpochMs
  const core = await embedCore({
    ...{ store: { ...memoryStore(), clockMs }, secret: generateSecret(), trustsStoreClock: false },
    onTrouble: (error) => troubles.push(String(error)),
  })
  t.after(() => core.close())
  assert.equal(core.clockFault(), null)
  assert.equal((await core.createSession({ userId: 'ada' })).kind, 'ok')
  assert.deepEqual(troubles, [])
})
