import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CutOffScope,
  type EpochMs,
  type SessionHandle,
  StoreError,
  type TenantId,
} from '../../src/index.ts'
import { granted, refreshWith, testCore } from './test-core.ts'

const W = 60_000
type World = ReturnType<typeof testCore>

/** Ends everything of ann's, or of her tenant's, up to so long after the core's present. */
async function cutOff({ context }: World, leadMs: number, whose: 'ann' | null = 'ann') {
  const nowMs = context.clock.nowMs()
  const beforeMs = (nowMs + leadMs) as EpochMs
  const scope = { app: context.app, tenant: 'default' as TenantId, userId: whose }
  const ended = { beforeMs, reason: 'revoked', nowMs } as const
  await context.store.revokeBefore(scope as CutOffScope, ended)
  return beforeMs
}

async function mintedAtMs({ context }: World, accessToken: string): Promise<number> {
  const opened = await context.accessTokens.open(context.app, accessToken)
  return opened?.lineage.mintedAtMs ?? Number.NaN
}

test('a log-in in the millisecond of an end of everything lives', async () => {
  const world = testCore()
  await world.core.revokeSessions({ userId: 'ann' })
  const grant = granted(await world.core.createSession({ userId: 'ann' }))
  const accessToken = grant.accessToken.token
  granted(await world.core.verifySession({ accessToken, checkStore: true }))
  granted(await refreshWith(world.core, grant))
})

test('a log-in after an end by a core whose clock is ahead lives, and so do its tokens', async () => {
  for (const [leadMs, whose] of [
    [2_000, 'ann'],
    [2_000, null],
    [W - 1, 'ann'],
  ] as const) {
    const world = testCore()
    const beforeMs = await cutOff(world, leadMs, whose)
    const grant = granted(await world.core.createSession({ userId: 'ann' }))
    assert.equal(grant.session.createdAtMs, beforeMs + 1)
    const accessToken = grant.accessToken.token
    const verified = granted(await world.core.verifySession({ accessToken, checkStore: true }))
    // Back ends refuse a token that was issued in the future, and one minted before a cut-off.
    assert.equal(verified.issuedAtMs, world.context.clock.nowMs())
    assert.equal(await mintedAtMs(world, accessToken), beforeMs + 1)
    world.advance(1)
    const child = granted(await refreshWith(world.core, grant))
    assert.equal(await mintedAtMs(world, child.accessToken.token), beforeMs + 1)
    world.advance(leadMs + 10)
    const late = granted(await refreshWith(world.core, child))
    assert.equal(await mintedAtMs(world, late.accessToken.token), world.context.clock.nowMs())
    const kinds = world.events.map(({ kind }) => kind)
    assert.deepEqual(kinds, ['created', 'refreshed', 'refreshed'])
  }
})

test('siblings of a session that was made ahead of the clock are no theft', async () => {
  for (const raceWindowMs of [2_000, W]) {
    const world = testCore({ settings: { rotation: { raceWindowMs, settlingMs: 3 * W } } })
    await cutOff(world, raceWindowMs - 1)
    const root = granted(await world.core.createSession({ userId: 'ann' }))
    const [left, right] = [
      granted(await refreshWith(world.core, root)),
      granted(await refreshWith(world.core, root)),
    ]
    assert.equal(granted(await refreshWith(world.core, left)).rule, 'advance')
    assert.equal(granted(await refreshWith(world.core, right)).rule, 'converge')
  }
})

test('a cut-off far ahead of the clock makes a log-in unavailable, and leaves no row', async () => {
  for (const [raceWindowMs, leadMs] of [
    [W, W],
    [0, W],
    [2_000, 2_000],
  ] as const) {
    const world = testCore({ settings: { rotation: { raceWindowMs, settlingMs: 0 } } })
    await cutOff(world, leadMs)
    const answer = await world.core.createSession({ userId: 'ann' })
    assert.equal(answer.kind === 'refused' && answer.code, 'unavailable')
    assert.deepEqual((await world.store.walkSessions(null, 10)).items, [])
  }
})

test('a log-in that is under way while everything ends is not made anew', async () => {
  const world = testCore()
  const insert = world.store.insert
  world.store.insert = async (session, limit) => {
    world.advance(5)
    await world.core.revokeSessions({ userId: 'ann' })
    world.advance(5)
    return insert.call(world.store, session, limit)
  }
  const answer = await world.core.createSession({ userId: 'ann' })
  assert.equal(answer.kind === 'refused' && answer.code, 'unavailable')
  assert.deepEqual((await world.store.walkSessions(null, 10)).items, [])
})

test('a log-in gives up when sessions are ended again and again', async () => {
  const world = testCore()
  const insert = world.store.insert
  let inserts = 0
  world.store.insert = async (session, limit) => {
    inserts += 1
    await cutOff(world, inserts * 1000)
    return insert.call(world.store, session, limit)
  }
  const answer = await world.core.createSession({ userId: 'ann' })
  assert.equal(answer.kind === 'refused' && answer.code, 'unavailable')
  assert.equal(inserts, 3)
})

const lost = () => Promise.reject(new StoreError('timeout', 'the answer was lost'))

function keyOf({ context }: World, handle: string) {
  return { app: context.app, tenant: 'default' as TenantId, handle: handle as SessionHandle }
}

test('a session is replaced after the new one is there, and is not counted by the limit', async () => {
  for (const policy of ['refuse', 'end-oldest'] as const) {
    const world = testCore({ settings: { sessionLimit: { max: 2, policy } } })
    const other = granted(await world.core.createSession({ userId: 'ann' }))
    world.advance(1)
    const former = granted(await world.core.createSession({ userId: 'ann' }))
    world.advance(1)
    const replaces = former.session.handle
    const grant = granted(await world.core.createSession({ userId: 'ann', replaces }))
    const kinds = world.events.map(({ kind }) => kind)
    assert.deepEqual(kinds, ['created', 'created', 'created', 'ended'])
    assert.equal((await world.store.find(keyOf(world, replaces)))?.endReason, 'replaced')
    const { sessions } = granted(await world.core.listSessions({ userId: 'ann' }))
    const handles = [other.session.handle, grant.session.handle]
    assert.deepEqual(
      sessions.map(({ handle }) => handle),
      handles,
    )
    // What has ended makes no room: the limit is the limit.
    const again = await world.core.createSession({ userId: 'ann', replaces })
    assert.equal(again.kind, policy === 'refuse' ? 'refused' : 'ok')
    const left = granted(await world.core.listSessions({ userId: 'ann' }))
    assert.equal(left.sessions.length, 2)
  }
})

test('log-ins that replace the same session at once leave no more sessions than the limit', async () => {
  for (const max of [1, 2, 3]) {
    for (const policy of ['refuse', 'end-oldest'] as const) {
      for (const isOldest of [true, false]) {
        const world = testCore({ settings: { sessionLimit: { max, policy } } })
        const made = []
        for (let each = 0; each < max; each++) {
          made.push(granted(await world.core.createSession({ userId: 'ann' })))
          world.advance(1)
        }
        const replaces = made.at(isOldest ? 0 : -1)?.session.handle ?? ''
        const logIn = () => world.core.createSession({ userId: 'ann', replaces })
        const outcomes = await Promise.all([logIn(), logIn(), logIn()])
        const { sessions } = granted(await world.core.listSessions({ userId: 'ann' }))
        assert.equal(sessions.length, max)
        if (policy === 'end-oldest') continue
        const kinds = outcomes.map((outcome) => (outcome.kind === 'ok' ? 'ok' : outcome.code))
        assert.deepEqual(kinds.toSorted(), ['ok', 'session_limit', 'session_limit'])
      }
    }
  }
})

/** Two log-ins that replace a session: one whole, while the other one has yet to insert. */
async function overtakenLogIn(world: World, replaces: string) {
  const logIn = () => world.core.createSession({ userId: 'ann', replaces })
  const insert = world.store.insert
  const whole: Awaited<ReturnType<typeof logIn>>[] = []
  world.store.insert = async (session, limit) => {
    world.store.insert = insert
    world.advance(1)
    whole.push(await logIn())
    world.advance(1)
    return insert.call(world.store, session, limit)
  }
  const overtaken = await logIn()
  return { overtaken, whole: whole[0] }
}

test('a log-in that replaces what another one has replaced meanwhile has the room of any other', async () => {
  for (const policy of ['refuse', 'end-oldest'] as const) {
    const world = testCore({ settings: { sessionLimit: { max: 2, policy } } })
    granted(await world.core.createSession({ userId: 'ann' }))
    world.advance(1)
    const former = granted(await world.core.createSession({ userId: 'ann' }))
    world.advance(1)
    const { overtaken, whole } = await overtakenLogIn(world, former.session.handle)
    assert.equal(whole?.kind, 'ok')
    const { sessions } = granted(await world.core.listSessions({ userId: 'ann' }))
    assert.equal(sessions.length, 2)
    const kind = overtaken.kind === 'ok' ? 'ok' : overtaken.code
    assert.equal(kind, policy === 'refuse' ? 'session_limit' : 'ok')
    assert.deepEqual(
      world.events.flatMap((event) => (event.kind === 'ended' ? event.reason : [])),
      ['replaced', 'limit'],
    )
  }
})

test('a log-in that was overtaken is not ended by its own limit', async () => {
  const world = testCore({ settings: { sessionLimit: { max: 1, policy: 'end-oldest' } } })
  const former = granted(await world.core.createSession({ userId: 'ann' }))
  world.advance(1)
  const { overtaken } = await overtakenLogIn(world, former.session.handle)
  granted(await refreshWith(world.core, granted(overtaken)))
})

test('a log-in stands where the store cannot say whether its limit is kept', async () => {
  const world = testCore({ settings: { sessionLimit: { max: 1, policy: 'refuse' } } })
  const former = granted(await world.core.createSession({ userId: 'ann' }))
  world.store.listByUser = () => Promise.reject(new StoreError('timeout', 'away'))
  const { overtaken, whole } = await overtakenLogIn(world, former.session.handle)
  assert.deepEqual([overtaken.kind, whole?.kind], ['ok', 'ok'])
})

test('a log-in of one user ends the session of another that it replaces', async () => {
  const world = testCore()
  const former = granted(await world.core.createSession({ userId: 'ann' }))
  const replaces = former.session.handle
  granted(await world.core.createSession({ userId: 'bob', replaces }))
  const answer = await refreshWith(world.core, former)
  assert.equal(answer.kind === 'refused' && answer.session?.reason, 'replaced')
})

test('a log-in that fails leaves the session that it was to replace', async () => {
  const world = testCore()
  const former = granted(await world.core.createSession({ userId: 'ann' }))
  world.store.insert = () => Promise.reject(new StoreError('unavailable', 'away'))
  const replaces = former.session.handle
  const answer = await world.core.createSession({ userId: 'ann', replaces })
  assert.equal(answer.kind === 'refused' && answer.code, 'unavailable')
  assert.equal((await world.store.find(keyOf(world, replaces)))?.revokedAtMs, null)
})

test('a replaced session that cannot be ended now is ended later; the new one is granted', async () => {
  const world = testCore()
  const former = granted(await world.core.createSession({ userId: 'ann' }))
  const revoke = world.store.revoke
  world.store.revoke = () => Promise.reject(new StoreError('unavailable', 'away'))
  const replaces = former.session.handle
  granted(await world.core.createSession({ userId: 'ann', replaces }))
  assert.equal((await world.store.find(keyOf(world, replaces)))?.revokedAtMs, null)
  world.store.revoke = revoke
  await world.doLater()
  assert.equal((await world.store.find(keyOf(world, replaces)))?.endReason, 'replaced')
})

test('a session whose insert was not answered is ended: nobody has its tokens', async () => {
  const world = testCore({ settings: { sessionLimit: { max: 1, policy: 'refuse' } } })
  const insert = world.store.insert
  world.store.insert = (session, limit) => insert.call(world.store, session, limit).then(lost)
  const answer = await world.core.createSession({ userId: 'ann' })
  assert.equal(answer.kind === 'refused' && answer.code, 'unavailable')
  world.store.insert = insert
  await world.doLater()
  granted(await world.core.createSession({ userId: 'ann' }))
  assert.deepEqual(
    world.events.map(({ kind }) => kind),
    ['created'],
  )
})
