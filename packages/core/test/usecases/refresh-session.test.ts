import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '@pawl/store-testkit'
import { type Rotation, type SessionKey, StoreError } from '../../src/index.ts'
import { granted, idOf, refreshWith, testCore } from './test-core.ts'

const W = 60_000

async function loggedIn(over: Parameters<typeof testCore>[0] = {}) {
  const world = testCore(over)
  const root = granted(await world.core.createSession({ userId: 'ann', claims: { role: 'x' } }))
  return { ...world, root }
}

test('a refresh with the root grants a child and changes no row', async () => {
  const { core, store, root } = await loggedIn()
  let rotations = 0
  const rotate = store.rotate
  store.rotate = (key, rotation) => {
    rotations++
    return rotate.call(store, key, rotation)
  }
  const child = granted(await refreshWith(core, root))
  assert.equal(child.rule, 'current')
  assert.equal(child.lineage.generation, 1)
  assert.equal(child.lineage.parent, idOf(root))
  assert.equal(rotations, 0)
})

test('presenting a child retires its parent in one round trip', async () => {
  const world = await loggedIn()
  const child = granted(await refreshWith(world.core, world.root))
  let finds = 0
  const find = world.store.find
  world.store.find = (key) => {
    finds++
    return find.call(world.store, key)
  }
  const grandchild = granted(await refreshWith(world.core, child))
  assert.equal(grandchild.rule, 'advance')
  assert.equal(finds, 0)
  world.advance(W + 1)
  const late = await refreshWith(world.core, world.root)
  assert.equal(late.kind === 'refused' && late.code, 'token_theft')
  const after = await refreshWith(world.core, grandchild)
  assert.equal(after.kind === 'refused' && after.code, 'session_ended')
  assert.equal(after.kind === 'refused' && after.session?.reason, 'theft')
  assert.deepEqual(
    world.events.map((event) => event.kind),
    ['created', 'refreshed', 'refreshed', 'theft', 'ended'],
  )
})

test('a theft is told of once, however often the old token comes back', async () => {
  const world = await loggedIn()
  const child = granted(await refreshWith(world.core, world.root))
  granted(await refreshWith(world.core, child))
  world.advance(W + 1)
  const answers = await Promise.all([1, 2, 3].map(() => refreshWith(world.core, world.root)))
  const codes = answers.map((answer) => (answer.kind === 'refused' ? answer.code : 'ok')).sort()
  assert.deepEqual(codes, ['session_ended', 'session_ended', 'token_theft'])
  assert.equal(world.events.filter((event) => event.kind === 'theft').length, 1)
})

test('a theft whose answer was lost is told of later, once, whether it was written or not', async () => {
  for (const isWritten of [true, false]) {
    const world = await loggedIn()
    const child = granted(await refreshWith(world.core, world.root))
    granted(await refreshWith(world.core, child))
    world.advance(W + 1)
    const revoke = world.store.revoke
    world.store.revoke = async (key, revocation) => {
      if (isWritten) await revoke.call(world.store, key, revocation)
      throw new StoreError('timeout', 'the answer was lost')
    }
    const answer = await refreshWith(world.core, world.root)
    assert.equal(answer.kind === 'refused' && answer.code, 'unavailable')
    world.store.revoke = revoke
    await world.doLater()
    await world.doLater()
    const again = await refreshWith(world.core, world.root)
    assert.equal(again.kind === 'refused' && again.session?.reason, 'theft')
    const kinds = world.events.map(({ kind }) => kind)
    assert.deepEqual(kinds, ['created', 'refreshed', 'refreshed', 'theft', 'ended'])
  }
})

test('what another has ended meanwhile is not told of as a theft', async () => {
  const world = await loggedIn()
  const child = granted(await refreshWith(world.core, world.root))
  granted(await refreshWith(world.core, child))
  world.advance(W + 1)
  const revoke = world.store.revoke
  world.store.revoke = () => Promise.reject(new StoreError('timeout', 'the answer was lost'))
  await refreshWith(world.core, world.root)
  world.store.revoke = revoke
  world.advance(1)
  await world.core.revokeSession({ handle: world.root.session.handle })
  await world.doLater()
  assert.deepEqual(
    world.events.filter(({ kind }) => kind === 'theft' || kind === 'ended').map(({ kind }) => kind),
    ['ended'],
  )
})

test('a theft that was found after a long wait for the store is not decided', async () => {
  const world = await loggedIn()
  const child = granted(await refreshWith(world.core, world.root))
  granted(await refreshWith(world.core, child))
  world.advance(W - 1)
  const find = world.store.find
  world.store.find = (key) => {
    world.advance(W / 2 + 1)
    return find.call(world.store, key)
  }
  // It came as the parent of the current token within the race window, and was looked at after it.
  const answer = await refreshWith(world.core, world.root)
  assert.equal(answer.kind === 'refused' && answer.code, 'unavailable')
  world.store.find = find
  const decided = await refreshWith(world.core, world.root)
  assert.equal(decided.kind === 'refused' && decided.code, 'token_theft')
})

test('of duplicate cookies the newest generation is tried first and a stale one is no theft', async () => {
  const world = await loggedIn()
  const child = granted(await refreshWith(world.core, world.root))
  const second = granted(await refreshWith(world.core, child))
  world.advance(10 * W)
  const refreshTokens = [world.root, second, child].map((grant) => grant.refreshToken.token)
  const grant = granted(await world.core.refreshSession({ refreshTokens }))
  assert.equal(grant.rule, 'advance')
  assert.equal(grant.lineage.parent, idOf(second))
})

test('a row that moves under the decision is decided on again, with what it then is', async () => {
  const store = memoryStore()
  const world = await loggedIn({ store })
  const left = granted(await refreshWith(world.core, world.root))
  const right = granted(await refreshWith(world.core, world.root))
  const rotate = store.rotate.bind(store)
  let interfered = false
  store.rotate = async (key: SessionKey, rotation: Rotation) => {
    if (!interfered) {
      interfered = true
      granted(await refreshWith(world.core, right))
    }
    return rotate(key, rotation)
  }
  const grant = granted(await refreshWith(world.core, left))
  assert.equal(grant.rule, 'converge')
  assert.ok(world.events.some((event) => event.kind === 'race'))
})

test('a row that never holds still ends in a 503, not in a logout', async () => {
  const store = memoryStore()
  const world = await loggedIn({ store })
  const child = granted(await refreshWith(world.core, world.root))
  const rotate = store.rotate.bind(store)
  store.rotate = async (key, rotation) => {
    const outcome = await rotate(key, { ...rotation, expected: rotation.next.curHash2 })
    return outcome && { ...outcome, advanced: false }
  }
  const answer = await refreshWith(world.core, child)
  assert.equal(answer.kind === 'refused' && answer.code, 'unavailable')
  store.rotate = rotate
  assert.equal(granted(await refreshWith(world.core, child)).rule, 'advance')
})

test('a token that was never issued changes nothing and is no theft', async () => {
  const { core, root, events } = await loggedIn()
  const answer = await core.refreshSession({ refreshTokens: ['garbage'] })
  assert.equal(answer.kind === 'refused' && answer.code, 'refresh_token_invalid')
  assert.equal(events.length, 1)
  granted(await refreshWith(core, root))
})

test('claims replaced between two refreshes are in the next access token', async () => {
  const { core, root } = await loggedIn()
  const { handle } = root.session
  granted(await core.replaceClaims({ handle, claims: { role: 'admin' } }))
  const child = granted(await refreshWith(core, root))
  assert.deepEqual(child.session.claims, { role: 'admin' })
})

test('no refresh moves the absolute expiry, however many there are', async () => {
  const world = await loggedIn({
    settings: { absoluteTimeoutSeconds: 3 * 86_400, idleTimeoutSeconds: 86_400 },
  })
  let grant = world.root
  for (let hour = 0; hour < 71; hour++) {
    world.advance(3_600_000)
    grant = granted(await refreshWith(world.core, grant))
    assert.equal(grant.session.absoluteExpiresAtMs, world.root.session.absoluteExpiresAtMs)
  }
  world.advance(3_600_000)
  const answer = await refreshWith(world.core, grant)
  assert.equal(answer.kind === 'refused' && answer.code, 'session_ended')
})

test('unknown fields and wrong types are refused by name and never repeated', async () => {
  const { core } = testCore()
  const bad = { userId: 7, sub: 'admin' } as unknown as { userId: string }
  const answer = await core.createSession(bad)
  assert.equal(answer.kind === 'refused' && answer.code, 'invalid_request')
  assert.match(answer.kind === 'refused' ? answer.detail : '', /userId: .*string/)
  assert.doesNotMatch(answer.kind === 'refused' ? answer.detail : '', /admin/)
})

test('good tokens of two sessions are nobody: no session changes, ends or is called a theft', async () => {
  const { core, store, root, events, advance } = await loggedIn()
  const planted = granted(await core.createSession({ userId: 'mallory' }))
  const child = granted(await refreshWith(core, root))
  const further = granted(await refreshWith(core, granted(await refreshWith(core, planted))))
  advance(W + 1)
  const told = events.length
  const rotate = store.rotate
  store.rotate = () => Promise.reject(new Error('nothing may change'))
  const texts = [child, further].map(({ refreshToken }) => refreshToken.token)
  for (const refreshTokens of [texts, texts.toReversed()]) {
    const answer = await core.refreshSession({ refreshTokens })
    assert.equal(answer.kind === 'refused' && answer.code, 'sessions_conflict')
  }
  store.rotate = rotate
  assert.equal(events.length, told)
  assert.equal(granted(await refreshWith(core, child)).session.userId, 'ann')
  assert.equal(granted(await refreshWith(core, further)).session.userId, 'mallory')
})

test('of tokens of two sessions the one that is good counts, whatever the other has come to', async () => {
  const { core, root, advance } = await loggedIn()
  const other = granted(await core.createSession({ userId: 'bob' }))
  const child = granted(await refreshWith(core, granted(await refreshWith(core, other))))
  advance(W + 1)
  const refreshTokens = [root, child, other].map(({ refreshToken }) => refreshToken.token)
  await core.revokeSession({ handle: root.session.handle })
  assert.equal(granted(await core.refreshSession({ refreshTokens })).session.userId, 'bob')
  assert.equal(granted(await refreshWith(core, child)).session.userId, 'bob')
})
