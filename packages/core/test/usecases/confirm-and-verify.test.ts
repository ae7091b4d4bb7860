import assert from 'node:assert/strict'
import { test } from 'node:test'
import { granted, refreshWith, testCore } from './test-core.ts'

const W = 60_000
const D = 2 * W + 30_000

async function refreshedOnce(settings: Parameters<typeof testCore>[0] = {}) {
  const world = testCore(settings)
  const root = granted(await world.core.createSession({ userId: 'ann' }))
  const child = granted(await refreshWith(world.core, root))
  const mintedAtMs = child.session.createdAtMs
  const report = (firstSeenAtMs: number) =>
    world.core.confirmUses({ uses: [{ accessToken: child.accessToken.token, firstSeenAtMs }] })
  return { ...world, root, child, mintedAtMs, report }
}

test('a settled use retires the parent; an earlier one proves nothing', async () => {
  const world = await refreshedOnce()
  world.advance(D - 1)
  assert.deepEqual(granted(await world.report(world.mintedAtMs + D - 1)), { confirmed: 0 })
  world.advance(1)
  assert.deepEqual(granted(await world.report(world.mintedAtMs + D)), { confirmed: 1 })
  assert.equal(world.events.at(-1)?.kind, 'confirmed')
  world.advance(W + 1)
  const answer = await refreshWith(world.core, world.root)
  assert.equal(answer.kind === 'refused' && answer.code, 'token_theft')
})

test('a report is dropped when it is older than half a race window', async () => {
  const world = await refreshedOnce()
  world.advance(D + W / 2 + 1)
  assert.deepEqual(granted(await world.report(world.mintedAtMs + D)), { confirmed: 0 })
  assert.deepEqual(granted(await world.report(world.mintedAtMs + D + 1)), { confirmed: 1 })
})

test('a driver whose clock runs ahead settles nothing early', async () => {
  const world = await refreshedOnce()
  world.advance(1_000)
  assert.deepEqual(granted(await world.report(world.mintedAtMs + 10 * D)), { confirmed: 0 })
})

test('with confirm on-refresh a report changes nothing', async () => {
  const world = await refreshedOnce({ settings: { confirm: 'on-refresh' } })
  world.advance(D)
  assert.deepEqual(granted(await world.report(world.mintedAtMs + D)), { confirmed: 0 })
})

test('a displaced branch must refresh first when it is checked against the store', async () => {
  const world = await refreshedOnce()
  const { core, root, child } = world
  const next = granted(await refreshWith(core, child))
  world.advance(3 * W)
  granted(await refreshWith(core, next))
  const check = (accessToken: string) => core.verifySession({ accessToken, checkStore: true })
  const displaced = await check(root.accessToken.token)
  assert.equal(displaced.kind === 'refused' && displaced.code, 'refresh_first')
  assert.equal((await check(next.accessToken.token)).kind, 'ok')
  assert.equal((await core.verifySession({ accessToken: root.accessToken.token })).kind, 'ok')
})

test('a checked token of a revoked session is refused with the reason', async () => {
  const { core, child } = await refreshedOnce()
  const { handle } = child.session
  assert.deepEqual(granted(await core.revokeSession({ handle })), { revoked: true })
  assert.deepEqual(granted(await core.revokeSession({ handle })), { revoked: false })
  const accessToken = child.accessToken.token
  const answer = await core.verifySession({ accessToken, checkStore: true })
  assert.equal(answer.kind === 'refused' && answer.session?.reason, 'revoked')
})

test('an opaque token is dead with its row, and reads its claims from there', async () => {
  const { core } = testCore()
  const grant = granted(
    await core.createSession({ userId: 'ann', accessKind: 'opaque', claims: { role: 'a' } }),
  )
  const accessToken = grant.accessToken.token
  const { handle } = grant.session
  granted(await core.replaceClaims({ handle, claims: { role: 'b' } }))
  assert.deepEqual(granted(await core.verifySession({ accessToken })).claims, { role: 'b' })
  granted(await core.revokeSession({ handle }))
  const answer = await core.verifySession({ accessToken })
  assert.equal(answer.kind === 'refused' && answer.code, 'session_ended')
})

test('a re-issued access token keeps lineage and expiry', async () => {
  const world = await refreshedOnce()
  world.advance(60_000)
  const answer = granted(
    await world.core.replaceClaims({
      handle: world.child.session.handle,
      claims: { role: 'admin' },
      accessToken: world.child.accessToken.token,
    }),
  )
  assert.equal(answer.accessToken?.expiresAtMs, world.child.accessToken.expiresAtMs)
  const again = await world.core.verifySession({ accessToken: answer.accessToken?.token ?? '' })
  assert.deepEqual(granted(again).lineage, world.child.lineage)
  assert.deepEqual(granted(again).claims, { role: 'admin' })
})

test('claims with a reserved or dangerous name are refused and nothing is written', async () => {
  const { core, child } = await refreshedOnce()
  for (const claims of [{ sub: 'x' }, JSON.parse('{"__proto__":{"admin":true}}')]) {
    const answer = await core.replaceClaims({ handle: child.session.handle, claims })
    assert.equal(answer.kind === 'refused' && answer.code, 'claims_reserved')
  }
  assert.deepEqual(granted(await core.getSession({ handle: child.session.handle })).claims, {})
})

test('what would not come back as it was given is refused, and nothing is written', async () => {
  const { core, child } = await refreshedOnce()
  const { handle } = child.session
  const inside = JSON.parse('{"a":[{"__proto__":{"admin":true}}]}')
  const wrong = [new Map(), new Date(0), Number.NaN, Infinity, 1n, () => 1, [undefined]]
  for (const one of [...wrong.map((value) => ({ a: value })), inside, new Map(), new URL('a:b')]) {
    const claims = await core.replaceClaims({ handle, claims: one as object as never })
    assert.equal(claims.kind === 'refused' && claims.code, 'invalid_request', String(one))
    const data = await core.replaceData({ handle, data: one as object as never })
    assert.equal(data.kind === 'refused' && data.code, 'invalid_request', String(one))
  }
  const named = await core.replaceData({ handle, data: JSON.parse('{"__proto__":{}}') })
  assert.equal(named.kind === 'refused' && named.code, 'invalid_request')
  const told = granted(await core.getSession({ handle }))
  assert.deepEqual([told.claims, told.data], [{}, {}])
  const kept = { a: [1, 'b', null, { c: true }], b: undefined, c: Object.create(null) }
  assert.equal((await core.replaceData({ handle, data: kept })).kind, 'ok')
})

test('signing out works with an expired access token, and twice', async () => {
  const world = await refreshedOnce()
  world.advance(3_600_000)
  const accessToken = world.child.accessToken.token
  const { handle } = world.child.session
  assert.deepEqual(granted(await world.core.signOut({ accessToken })), { handles: [handle] })
  assert.deepEqual(granted(await world.core.signOut({ accessToken })), { handles: [] })
  const answer = await refreshWith(world.core, world.child)
  assert.equal(answer.kind === 'refused' && answer.session?.reason, 'sign-out')
})

test('ending the others spares the one that asked; ending all spares none', async () => {
  const { core } = testCore()
  const grants = []
  for (let i = 0; i < 3; i++) grants.push(granted(await core.createSession({ userId: 'ann' })))
  const [first, second, third] = grants.map((grant) => grant.session.handle)
  const others = await core.revokeSessions({ userId: 'ann', except: second ?? '' })
  assert.deepEqual(granted(others).handles, [first, third])
  assert.deepEqual(granted(await core.revokeSessions({ userId: 'ann' })).handles, [second])
  assert.deepEqual(granted(await core.listSessions({ userId: 'ann' })).sessions, [])
})

test('claims too large for a token are refused before anything is written', async () => {
  const { core, events } = testCore()
  const answer = await core.createSession({ userId: 'ann', claims: { text: 'x'.repeat(3_000) } })
  assert.equal(answer.kind, 'refused')
  assert.equal(events.length, 0)
})
