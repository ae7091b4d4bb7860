import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appSettings, faultsOf, rotationSettings } from '../../src/index.ts'
import { granted, refreshWith, testCore } from './test-core.ts'

test('concurrent log-ins never leave more sessions than the limit, whichever the policy', async () => {
  for (const policy of ['refuse', 'end-oldest'] as const) {
    const { core, events } = testCore({ settings: { sessionLimit: { max: 3, policy } } })
    const logIns = Array.from({ length: 50 }, () => core.createSession({ userId: 'ann' }))
    const answers = await Promise.all(logIns)
    const refused = answers.filter((answer) => answer.kind === 'refused')
    assert.equal(refused.length, policy === 'refuse' ? 47 : 0)
    assert.ok(
      refused.every((answer) => answer.kind === 'refused' && answer.code === 'session_limit'),
    )
    assert.equal(granted(await core.listSessions({ userId: 'ann' })).sessions.length, 3)
    const ended = events.filter((event) => event.kind === 'ended' && event.reason === 'limit')
    assert.equal(ended.length, policy === 'refuse' ? 0 : 47)
  }
})

test('a tenant that does not exist is refused by name', async () => {
  const { core } = testCore()
  const answer = await core.createSession({ userId: 'ann', tenant: 'nowhere' })
  assert.equal(answer.kind === 'refused' && answer.code, 'tenant_unknown')
})

test('settings that the rule forbids are named, each with its numbers', () => {
  assert.deepEqual(faultsOf(appSettings()), [])
  const aal3 = { accessTtlSeconds: 300, idleTimeoutSeconds: 900, absoluteTimeoutSeconds: 43_200 }
  assert.deepEqual(faultsOf(appSettings(aal3)), [])
  assert.equal(faultsOf(appSettings({ accessTtlSeconds: 179 })).length, 1)
  assert.equal(faultsOf(appSettings({ idleTimeoutSeconds: 1_799 })).length, 1)
  assert.equal(faultsOf(appSettings({ absoluteTimeoutSeconds: 86_400 })).length, 1)
  assert.equal(faultsOf(appSettings({ accessTtlSeconds: 3_601 })).length, 1)
  const short = appSettings({ accessTtlSeconds: 3, rotation: rotationSettings(900) })
  assert.deepEqual(faultsOf(short), [])
})

test('an access token never outlives the absolute lifetime', async () => {
  const settings = { absoluteTimeoutSeconds: 2_400, idleTimeoutSeconds: 2_400 }
  const world = testCore({ settings })
  const root = granted(await world.core.createSession({ userId: 'ann' }))
  world.advance(2_000_000)
  const child = granted(await refreshWith(world.core, root))
  assert.equal(child.accessToken.expiresAtMs, root.session.absoluteExpiresAtMs)
})

test('a user who refreshes each access life is never idle, for every legal pair', async () => {
  for (const accessTtlSeconds of [190, 300, 900, 3_600]) {
    for (const idleTimeoutSeconds of [2 * accessTtlSeconds, 3 * accessTtlSeconds + 7, 86_400]) {
      const world = testCore({ settings: { accessTtlSeconds, idleTimeoutSeconds } })
      let grant = granted(await world.core.createSession({ userId: 'ann' }))
      for (let cycle = 0; cycle < 30; cycle++) {
        world.advance(accessTtlSeconds * 1000)
        grant = granted(await refreshWith(world.core, grant))
      }
      world.advance(idleTimeoutSeconds * 1000)
      grant = granted(await refreshWith(world.core, grant))
      world.advance(idleTimeoutSeconds * 1000 + 1)
      const idle = await refreshWith(world.core, grant)
      assert.equal(idle.kind === 'refused' && idle.session?.reason, 'idle')
    }
  }
})
