import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AppId, Session, TenantId, UserId } from '@pawl/core'
import {
  at,
  freshApp,
  handleOf,
  hashOf,
  IDLE_MS,
  LIFE_MS,
  NOW_MS,
  newSession,
  range,
  rotated,
  rotationOf,
  tenantOf,
  userOf,
} from '../fixtures.ts'
import { type OpenStore, type Subject, useSubject } from '../store-under-test.ts'

const end = { reason: 'revoked', nowMs: at(100) } as const

/** Everything that ends a session. */
export function describeRevocation(open: OpenStore): void {
  describe('revocation', () => {
    const subject = useSubject(open)
    describeRevoke(subject)
    describeRevokeByUser(subject)
    describeRevokeBefore(subject)
  })
}

async function inserted(
  subject: Subject,
  app: AppId,
  parts: Partial<Session> = {},
): Promise<Session> {
  const session = newSession({ app, ...parts })
  await subject.store.insert(session, null)
  return session
}

function describeRevoke(subject: () => Subject): void {
  it('ends one session, once, and logs it', async () => {
    const app = freshApp()
    const session = await inserted(subject(), app)
    const other = await inserted(subject(), app, { handle: handleOf('other') })
    const cursor = await subject().store.revocationsEnd()
    assert.equal(await subject().store.revoke(session, end), true)
    const again = { reason: 'theft', nowMs: at(200) } as const
    assert.equal(await subject().peer(1).revoke(session, again), false)
    const ended = { ...session, revokedAtMs: end.nowMs, endReason: end.reason }
    assert.deepEqual(await subject().peer(2).find(session), ended)
    assert.deepEqual(await subject().store.find(other), other)
    const { tenant, handle, userId } = session
    const entry = { kind: 'session', app, tenant, atMs: at(100), reason: 'revoked', handle, userId }
    assert.deepEqual((await subject().store.revocationsAfter(cursor, 10)).entries, [entry])
  })

  it('knows no session that is not there, and logs nothing of it', async () => {
    const cursor = await subject().store.revocationsEnd()
    assert.equal(await subject().store.revoke(newSession({ app: freshApp() }), end), false)
    assert.deepEqual((await subject().store.revocationsAfter(cursor, 10)).entries, [])
  })

  it('ends the judged session only while its current hash is the one judged', async () => {
    const session = await inserted(subject(), freshApp())
    const moved = rotated(session, rotationOf(session))
    await subject().store.rotate(session, rotationOf(session))
    const theft = { reason: 'theft', nowMs: at(100) } as const
    const onOld = { ...theft, judged: session.curHash2 }
    assert.equal(await subject().store.revoke(session, onOld), false)
    assert.deepEqual(await subject().store.find(session), moved)
    const onNew = { ...theft, judged: moved.curHash2 }
    assert.equal(await subject().store.revoke(session, onNew), true)
  })

  it('ends a session that some clock takes for expired', async () => {
    const session = await inserted(subject(), freshApp())
    const late = { reason: 'sign-out', nowMs: at(10 * LIFE_MS) } as const
    assert.equal(await subject().store.revoke(session, late), true)
  })

  it('has one winner among 20 concurrent calls, and one entry in the log', async () => {
    const session = await inserted(subject(), freshApp())
    const cursor = await subject().store.revocationsEnd()
    const answers = await Promise.all(
      range(20).map((index) => subject().peer(index).revoke(session, end)),
    )
    assert.equal(answers.filter(Boolean).length, 1)
    assert.equal((await subject().store.revocationsAfter(cursor, 50)).entries.length, 1)
  })
}

function describeRevokeByUser(subject: () => Subject): void {
  it('ends all live sessions of a user, oldest first, and logs each and the cut-off', async () => {
    const app = freshApp()
    const [third, first, second] = [
      await inserted(subject(), app, { handle: handleOf('3'), createdAtMs: at(30) }),
      await inserted(subject(), app, { handle: handleOf('1'), createdAtMs: at(10) }),
      await inserted(subject(), app, { handle: handleOf('2'), createdAtMs: at(20) }),
    ]
    const strangers = [
      await inserted(subject(), app, { handle: handleOf('4'), userId: 'other' as UserId }),
      await inserted(subject(), app, { handle: handleOf('5'), tenant: 'second' as TenantId }),
      await inserted(subject(), freshApp()),
    ]
    const cursor = await subject().store.revocationsEnd()
    const request = { ...end, except: null }
    const handles = [first, second, third].map(({ handle }) => handle)
    assert.deepEqual(await subject().store.revokeByUser(userOf(first), request), handles)
    for (const each of strangers) assert.deepEqual(await subject().store.find(each), each)
    const { entries } = await subject().store.revocationsAfter(cursor, 10)
    const about = { ...userOf(first), atMs: at(100), reason: 'revoked' }
    assert.deepEqual(entries, [
      ...handles.map((handle) => ({ kind: 'session', ...about, handle })),
      { kind: 'cut-off', ...about, beforeMs: at(100) },
    ])
    assert.deepEqual(await subject().peer(1).revokeByUser(userOf(first), request), [])
  })

  it('lets no row live that was created before it and arrives later', async () => {
    const session = newSession({ app: freshApp(), createdAtMs: end.nowMs })
    await subject().store.revokeByUser(userOf(session), { ...end, except: null })
    const outcome = await subject().peer(1).insert(session, null)
    assert.deepEqual(outcome, { kind: 'covered', beforeMs: end.nowMs })
    const rotation = rotationOf(session)
    assert.notEqual((await subject().store.rotate(session, rotation))?.advanced, true)
    const later = newSession({
      app: session.app,
      handle: handleOf('later'),
      createdAtMs: at(101),
    })
    await subject().store.insert(later, null)
    assert.deepEqual(await subject().store.find(later), later)
  })

  it('spares the exception, and then sets no cut-off', async () => {
    const app = freshApp()
    const [kept, ended] = [
      await inserted(subject(), app, { handle: handleOf('kept') }),
      await inserted(subject(), app, { handle: handleOf('ended') }),
    ]
    const cursor = await subject().store.revocationsEnd()
    const request = { ...end, except: kept.handle }
    const answer = await subject().store.revokeByUser(userOf(kept), request)
    assert.deepEqual(answer, [ended.handle])
    assert.deepEqual(await subject().store.find(kept), kept)
    assert.equal((await subject().store.revocationsAfter(cursor, 10)).entries.length, 1)
  })

  it('ends what a young token could still bring back, and not what is surely over', async () => {
    const app = freshApp()
    const parts = { createdAtMs: at(-LIFE_MS), absoluteExpiresAtMs: at(LIFE_MS) }
    const idle = at(100 - IDLE_MS)
    const revivable = await inserted(subject(), app, { ...parts, idleExpiresAtMs: idle })
    await inserted(subject(), app, {
      ...parts,
      handle: handleOf('over'),
      idleExpiresAtMs: (idle - 1) as typeof idle,
    })
    await inserted(subject(), app, { handle: handleOf('late'), absoluteExpiresAtMs: at(100) })
    const answer = await subject().store.revokeByUser(userOf(revivable), { ...end, except: null })
    assert.deepEqual(answer, [revivable.handle])
  })

  it('leaves no session alive that was created before it, however it races', async () => {
    for (const round of range(5)) {
      const app = freshApp()
      const sessions = range(12).map((index) =>
        newSession({ app, handle: handleOf(`racing ${index}`) }),
      )
      const [first] = sessions as [Session]
      const log = sessions.map(async (session, index) => {
        await subject().peer(index).insert(session, null)
        await subject()
          .peer(index + 1)
          .rotate(session, rotationOf(session))
      })
      const request = { ...end, except: null }
      const revoke = subject().peer(round).revokeByUser(userOf(first), request)
      await Promise.all([...log, revoke])
      for (const session of sessions) {
        const found = await subject().store.find(session)
        assert.equal(found?.endReason ?? 'revoked', 'revoked')
      }
      const page = { nowMs: end.nowMs, limit: 50, after: null }
      assert.deepEqual((await subject().store.listByUser(userOf(first), page)).sessions, [])
    }
  })
}

function describeRevokeBefore(subject: () => Subject): void {
  it('ends what was created at or before a moment, of a user or of a whole tenant', async () => {
    for (const scopeOf of [userOf, tenantOf]) {
      const app = freshApp()
      const before = await inserted(subject(), app, { handle: handleOf('before') })
      const after = await inserted(subject(), app, {
        handle: handleOf('after'),
        createdAtMs: at(1),
      })
      const cutOff = { beforeMs: NOW_MS, reason: 'replaced', nowMs: at(77) } as const
      await subject().store.revokeBefore(scopeOf(before), cutOff)
      const found = await subject().peer(1).find(before)
      assert.deepEqual(found, { ...before, revokedAtMs: at(77), endReason: 'replaced' })
      assert.deepEqual(await subject().peer(1).find(after), after)
    }
  })

  it('never goes back, and logs every call', async () => {
    const session = await inserted(subject(), freshApp())
    const scope = userOf(session)
    const cursor = await subject().store.revocationsEnd()
    const high = { beforeMs: at(10), reason: 'revoked', nowMs: at(20) } as const
    const low = { beforeMs: at(-10), reason: 'theft', nowMs: at(30) } as const
    const same = { beforeMs: at(10), reason: 'limit', nowMs: at(40) } as const
    for (const cutOff of [high, low, same]) await subject().store.revokeBefore(scope, cutOff)
    const found = await subject().store.find(session)
    assert.deepEqual(found, { ...session, revokedAtMs: at(20), endReason: 'revoked' })
    const { entries } = await subject().store.revocationsAfter(cursor, 10)
    const logged = [high, low, same].map(({ beforeMs, reason, nowMs }) => {
      return { kind: 'cut-off', ...scope, beforeMs, reason, atMs: nowMs }
    })
    assert.deepEqual(entries, logged)
  })

  it('shows the end of the row first, then the cut-off of the user, then of the tenant', async () => {
    const { store } = subject()
    const session = await inserted(subject(), freshApp())
    const reasonOf = async () => (await store.find(session))?.endReason
    const cutOff = { beforeMs: NOW_MS, nowMs: at(1) } as const
    await store.revokeBefore(tenantOf(session), { ...cutOff, reason: 'revoked' })
    assert.equal(await reasonOf(), 'revoked')
    await store.revokeBefore(userOf(session), { ...cutOff, reason: 'sign-out' })
    assert.equal(await reasonOf(), 'sign-out')
    const ended = newSession({
      app: session.app,
      handle: handleOf('ended'),
      revokedAtMs: at(0),
      endReason: 'theft',
      curHash2: hashOf('ended'),
    })
    await store.put({ sessions: [ended] })
    assert.deepEqual(await store.find(ended), ended)
  })

  it('makes a later revocation of what it ended say so', async () => {
    const session = await inserted(subject(), freshApp())
    const cutOff = { beforeMs: NOW_MS, reason: 'revoked', nowMs: NOW_MS } as const
    await subject().store.revokeBefore(tenantOf(session), cutOff)
    assert.equal(await subject().store.revoke(session, end), false)
    const request = { ...end, except: null }
    assert.deepEqual(await subject().store.revokeByUser(userOf(session), request), [])
  })
}
