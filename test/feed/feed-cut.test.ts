import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createPawl, type PawlOptions } from '@pawl/node'
import { startServer } from '@pawl/server'
import { memoryStore } from '@pawl/store-testkit'
import { coreCalls } from './feed-calls.ts'
import { startGateway } from './feed-gateway.ts'

const STALE_MS = 5_000
/** Beyond the stale bound, at once. */
const JUMP_MS = STALE_MS + 1_000
const DEADLINE_MS = 20_000

/** A core, a gateway in front of it, a driver behind that, and the driver's clock. */
async function setUp(context: TestContext, revocationFeed: PawlOptions['revocationFeed'] = {}) {
  const server = await startServer({ port: 0, storeInstance: memoryStore(), logLevel: 'silent' })
  const gateway = await startGateway(server.url)
  const core = coreCalls(server.url)
  const clock = { aheadMs: 0 }
  const faults: string[] = []
  const pawl = createPawl({
    core: gateway.url,
    revocationFeed,
    clock: () => Date.now() + clock.aheadMs,
    onFault: ({ where, message }) => faults.push(`${where}: ${message}`),
  })
  context.after(async () => {
    await pawl.close()
    await gateway.close()
    await server.close()
  })
  assert.equal(await pawl.ready(), true)
  const codeOf = async (token: string): Promise<string> => {
    const outcome = await pawl.verify(token)
    return outcome.kind === 'ok' ? 'ok' : outcome.code
  }
  /** Verifies until the answer is this one; how long that took, in ms. */
  const becomes = async (token: string, code: string): Promise<number> => {
    const startMs = performance.now()
    while ((await codeOf(token)) !== code) {
      assert.ok(performance.now() - startMs < DEADLINE_MS, `never became ${code}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return performance.now() - startMs
  }
  return { core, gateway, clock, faults, pawl, codeOf, becomes }
}

test('a fresh feed: good sessions pass without asking, a revoked one is refused', async (context) => {
  const { core, pawl, codeOf, becomes } = await setUp(context)
  const [alice, bob] = [await core.logIn('alice'), await core.logIn('bob')]
  assert.equal(await codeOf(alice.token), 'ok')
  assert.ok(!(pawl.verify(alice.token) instanceof Promise))
  await core.revokeSession(alice.handle)
  await becomes(alice.token, 'session_ended')
  assert.ok(!(pawl.verify(alice.token) instanceof Promise))
  assert.equal(await codeOf(bob.token), 'ok')
})

test('the feed alone is cut: past the bound the core is asked, and nothing revoked passes', async (context) => {
  const { core, gateway, clock, codeOf, faults } = await setUp(context)
  const [alice, bob] = [await core.logIn('alice'), await core.logIn('bob')]
  assert.equal(await codeOf(alice.token), 'ok')
  gateway.set({ stream: 'cut', calls: 'cut' })
  await core.revokeSession(alice.handle)
  clock.aheadMs += JUMP_MS
  assert.equal(await codeOf(alice.token), 'session_ended')
  assert.equal(await codeOf(bob.token), 'ok')
  assert.ok(faults.includes('feed: the feed of revocations broke off'))
})

test('the feed comes back: it goes on where it broke off', async (context) => {
  const { core, gateway, codeOf, becomes } = await setUp(context)
  const alice = await core.logIn('alice')
  assert.equal(await codeOf(alice.token), 'ok')
  gateway.set({ stream: 'cut', calls: 'cut' })
  await core.revokeSession(alice.handle)
  assert.equal(await codeOf(alice.token), 'ok')
  gateway.set({ stream: 'pass', calls: 'pass' })
  await becomes(alice.token, 'session_ended')
})

test('streams are held back: calls that wait take their place', {
  timeout: DEADLINE_MS,
}, async (context) => {
  const { core, gateway, pawl, codeOf, becomes, clock } = await setUp(context)
  const alice = await core.logIn('alice')
  assert.equal(await codeOf(alice.token), 'ok')
  gateway.set({ stream: 'hold' })
  clock.aheadMs += JUMP_MS
  while (gateway.feeds.calls === 0 || pawl.verify(alice.token) instanceof Promise) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await core.revokeSession(alice.handle)
  assert.ok((await becomes(alice.token, 'session_ended')) < 1_000)
})

test('feed and core are cut: verification goes on, aloud, and no longer than its bound', async (context) => {
  const { core, gateway, clock, codeOf, faults } = await setUp(context, { coreDownSeconds: 60 })
  const alice = await core.logIn('alice')
  assert.equal(await codeOf(alice.token), 'ok')
  gateway.set({ stream: 'cut', calls: 'cut', rest: 'cut' })
  await core.revokeSession(alice.handle)
  clock.aheadMs += JUMP_MS
  assert.equal(await codeOf(alice.token), 'ok')
  assert.ok(faults.some((fault) => fault.includes('goes on without them for at most 60 s')))
  clock.aheadMs += 60_000
  assert.equal(await codeOf(alice.token), 'unavailable')
  gateway.set({ stream: 'pass', calls: 'pass', rest: 'pass' })
  clock.aheadMs += 1_000
  assert.equal(await codeOf(alice.token), 'session_ended')
})

test('with 0 seconds a cut feed and a silent core mean 503 at once', async (context) => {
  const { core, gateway, clock, codeOf } = await setUp(context, { coreDownSeconds: 0 })
  const alice = await core.logIn('alice')
  assert.equal(await codeOf(alice.token), 'ok')
  gateway.set({ stream: 'cut', calls: 'cut', rest: 'cut' })
  clock.aheadMs += JUMP_MS
  assert.equal(await codeOf(alice.token), 'unavailable')
})

test('onStale go-on: a cut feed changes nothing, and what was revoked before stays refused', async (context) => {
  const { core, gateway, clock, pawl, codeOf, becomes } = await setUp(context, {
    onStale: 'go-on',
  })
  const [alice, bob] = [await core.logIn('alice'), await core.logIn('bob')]
  assert.equal(await codeOf(bob.token), 'ok')
  await core.revokeSession(bob.handle)
  await becomes(bob.token, 'session_ended')
  gateway.set({ stream: 'cut', calls: 'cut' })
  await core.revokeSession(alice.handle)
  clock.aheadMs += JUMP_MS
  assert.equal(await codeOf(alice.token), 'ok')
  assert.ok(!(pawl.verify(bob.token) instanceof Promise))
  assert.equal(await codeOf(bob.token), 'session_ended')
})

test('checkStore refuses a revoked session at once, with the feed cut', async (context) => {
  const { core, gateway, pawl, codeOf } = await setUp(context)
  const alice = await core.logIn('alice')
  assert.equal(await codeOf(alice.token), 'ok')
  gateway.set({ stream: 'cut', calls: 'cut' })
  await core.revokeSession(alice.handle)
  const headers = { cookie: `__Host-pawl-at=${alice.token}` }
  const request = new Request('https://app.example.com/', { headers })
  assert.equal((await pawl.guard(request)).kind, 'session')
  const checked = await pawl.guard(request, { checkStore: true })
  assert.ok(checked.kind === 'refused' && checked.refusal.code === 'session_ended')
})

test('a cut-off logs out what was before it, and nobody who signs in or refreshed since', async (context) => {
  const { core, codeOf, becomes } = await setUp(context)
  const before = await core.logIn('alice')
  const refreshed = await core.refresh(await core.logIn('alice'))
  assert.equal(await codeOf(before.token), 'ok')
  await core.revokeSessions({ userId: 'alice' })
  const since = await core.logIn('alice')
  await becomes(before.token, 'session_ended')
  assert.equal(await codeOf(refreshed.token), 'session_ended')
  assert.equal(await codeOf(since.token), 'ok')
  // A refreshed token may belong to a session from before: the core is asked once, and never again.
  const later = await core.refresh(since)
  assert.equal(await codeOf(later.token), 'ok')
})
