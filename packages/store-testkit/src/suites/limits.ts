import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AppId, EpochMs, Session, SessionLimit, TenantId, UserId } from '@pawl/core'
import {
  at,
  freshApp,
  handleOf,
  IDLE_MS,
  LIFE_MS,
  NOW_MS,
  newSession,
  range,
  tenantOf,
  userOf,
} from '../fixtures.ts'
import { type OpenStore, type Subject, useSubject } from '../store-under-test.ts'

const refuse: SessionLimit = { max: 3, policy: 'refuse' }
const endOldest: SessionLimit = { max: 3, policy: 'end-oldest' }

/** Log-ins of one user, a second apart. */
function logIns(app: AppId, count: number): readonly Session[] {
  return range(count).map((index) =>
    newSession({ app, handle: handleOf(`login ${index}`), createdAtMs: at(index * 1000) }),
  )
}

async function liveHandles(subject: Subject, session: Session, nowMs: EpochMs) {
  const page = { nowMs, limit: 500, after: null }
  const { sessions } = await subject.store.listByUser(userOf(session), page)
  return sessions.map(({ handle }) => handle)
}

/** How many sessions a user may have, and what a log-in beyond that does. */
export function describeLimits(open: OpenStore): void {
  describe('insert with a limit', () => {
    const subject = useSubject(open)

    it('refuses the log-in beyond the limit and writes nothing', async () => {
      const sessions = logIns(freshApp(), 4)
      const kinds: string[] = []
      for (const session of sessions) {
        kinds.push((await subject().store.insert(session, refuse)).kind)
      }
      assert.deepEqual(kinds, ['inserted', 'inserted', 'inserted', 'limit-reached'])
      assert.equal(await subject().store.find(sessions[3] as Session), undefined)
    })

    it('ends the oldest with the reason limit and logs it', async () => {
      const sessions = logIns(freshApp(), 4)
      const [oldest, , , newest] = sessions as [Session, Session, Session, Session]
      for (const session of sessions.slice(0, 3)) await subject().store.insert(session, endOldest)
      const cursor = await subject().store.revocationsEnd()
      const outcome = await subject().store.insert(newest, endOldest)
      assert.deepEqual(outcome, { kind: 'inserted', ended: [oldest.handle] })
      const end = { revokedAtMs: newest.createdAtMs, endReason: 'limit' }
      assert.deepEqual(await subject().store.find(oldest), { ...oldest, ...end })
      const { app, tenant, handle, userId } = oldest
      const about = { app, tenant, atMs: newest.createdAtMs, reason: 'limit' }
      const { entries } = await subject().store.revocationsAfter(cursor, 10)
      assert.deepEqual(entries, [{ kind: 'session', ...about, handle, userId }])
    })

    it('ends as many as a lowered limit demands, oldest first', async () => {
      const sessions = logIns(freshApp(), 6)
      for (const session of sessions.slice(0, 5)) await subject().store.insert(session, null)
      const last = sessions[5] as Session
      const outcome = await subject().store.insert(last, { max: 2, policy: 'end-oldest' })
      const ended = sessions.slice(0, 4).map(({ handle }) => handle)
      assert.deepEqual(outcome, { kind: 'inserted', ended })
    })

    it('breaks a tie of creation times by the bytes of the handle', async () => {
      const app = freshApp()
      const handles = ['-', 'B', 'a', '_'].map((letter) => letter.repeat(22) as never)
      const [a, b, c, d] = handles.map((handle) => newSession({ app, handle })) as [
        Session,
        Session,
        Session,
        Session,
      ]
      for (const session of [c, d, b]) await subject().store.insert(session, null)
      const outcome = await subject().store.insert(a, { max: 2, policy: 'end-oldest' })
      assert.deepEqual(outcome, { kind: 'inserted', ended: [b.handle, d.handle] })
    })

    it('never ends the new one, though it be the oldest by its clock', async () => {
      const app = freshApp()
      const early = newSession({ app, handle: handleOf('early'), createdAtMs: at(-5000) })
      const first = newSession({ app })
      const limit = { max: 1, policy: 'end-oldest' } as const
      await subject().store.insert(first, limit)
      assert.deepEqual(await subject().store.insert(early, limit), {
        kind: 'inserted',
        ended: [first.handle],
      })
    })

    it('counts live sessions of that user only', async () => {
      const { store } = subject()
      const app = freshApp()
      const newest = newSession({ app, handle: handleOf('newest'), createdAtMs: at(LIFE_MS) })
      const others: Partial<Session>[] = [
        { userId: 'other' as UserId, createdAtMs: at(LIFE_MS - 1) },
        { tenant: 'second' as TenantId, createdAtMs: at(LIFE_MS - 1) },
        { createdAtMs: at(LIFE_MS - 1), revokedAtMs: at(LIFE_MS - 1), endReason: 'revoked' },
        { idleExpiresAtMs: at(LIFE_MS - IDLE_MS - 1), absoluteExpiresAtMs: at(2 * LIFE_MS) },
        { idleExpiresAtMs: at(2 * LIFE_MS), absoluteExpiresAtMs: at(LIFE_MS) },
      ]
      for (const [index, parts] of others.entries()) {
        await store.insert(newSession({ app, handle: handleOf(`${index}`), ...parts }), null)
      }
      const limit = { max: 1, policy: 'refuse' } as const
      assert.deepEqual(await store.insert(newest, limit), { kind: 'inserted', ended: [] })
    })

    it('counts a session that a token of it may still bring back from idleness', async () => {
      const app = freshApp()
      const parts = { idleExpiresAtMs: at(-IDLE_MS), absoluteExpiresAtMs: at(LIFE_MS) }
      const idle = newSession({ app, createdAtMs: at(-LIFE_MS), ...parts })
      const limit = { max: 1, policy: 'refuse' } as const
      await subject().store.insert(idle, null)
      const session = newSession({ app, handle: handleOf('new') })
      assert.equal((await subject().store.insert(session, limit)).kind, 'limit-reached')
      const later = { ...session, createdAtMs: at(1) }
      assert.equal((await subject().store.insert(later, limit)).kind, 'inserted')
    })

    it('does not count what a cut-off has ended', async () => {
      const app = freshApp()
      const [first, second] = logIns(app, 2) as [Session, Session]
      const limit = { max: 1, policy: 'refuse' } as const
      await subject().store.insert(first, null)
      const cutOff = { beforeMs: NOW_MS, reason: 'revoked', nowMs: NOW_MS } as const
      await subject().store.revokeBefore(tenantOf(first), cutOff)
      assert.equal((await subject().store.insert(second, limit)).kind, 'inserted')
    })

    it('leaves exactly the limit alive of 50 concurrent log-ins when it refuses', async () => {
      const sessions = logIns(freshApp(), 50)
      const outcomes = await Promise.all(
        sessions.map((session, index) => subject().peer(index).insert(session, refuse)),
      )
      const admitted = sessions.filter((_, index) => outcomes[index]?.kind === 'inserted')
      assert.equal(admitted.length, 3)
      const [first] = sessions as readonly [Session]
      const handles = admitted.map(({ handle }) => handle)
      assert.deepEqual(await liveHandles(subject(), first, at(60_000)), handles)
    })

    it('leaves exactly the limit alive of 50 concurrent log-ins when it ends the oldest', async () => {
      const sessions = logIns(freshApp(), 50)
      const [first] = sessions as readonly [Session]
      const cursor = await subject().store.revocationsEnd()
      const outcomes = await Promise.all(
        sessions.map((session, index) => subject().peer(index).insert(session, endOldest)),
      )
      const ended = outcomes.flatMap((each) => (each.kind === 'inserted' ? each.ended : []))
      const live = await liveHandles(subject(), first, at(60_000))
      assert.equal(outcomes.filter(({ kind }) => kind === 'inserted').length, 50)
      assert.equal(live.length, 3)
      assert.deepEqual([...ended, ...live].sort(), sessions.map(({ handle }) => handle).sort())
      const { entries } = await subject().store.revocationsAfter(cursor, 500)
      const logged = entries.map((entry) => (entry.kind === 'session' ? entry.handle : ''))
      assert.deepEqual(logged.sort(), [...ended].sort())
    })
  })
}
