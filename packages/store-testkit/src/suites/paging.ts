import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AppId, PAGE_LIMIT_MAX, type Session, type UserScope } from '@pawl/core'
import {
  at,
  freshApp,
  handleOf,
  NOW_MS,
  newSession,
  range,
  rotated,
  rotationOf,
  tenantOf,
  userOf,
} from '../fixtures.ts'
import { type OpenStore, type Subject, useSubject } from '../store-under-test.ts'

/** Sessions of one user in the order in which they are listed: some share a creation time. */
function sessionsOf(app: AppId, count: number): readonly Session[] {
  return range(count)
    .map((index) =>
      newSession({
        app,
        handle: handleOf(`page ${index}`),
        createdAtMs: at(Math.floor(index / 3) - 100),
      }),
    )
    .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.handle < b.handle ? -1 : 1))
}

async function insertAll(subject: Subject, sessions: readonly Session[]): Promise<void> {
  const shuffled = sessions.toSorted((a, b) => (a.handle < b.handle ? -1 : 1))
  await Promise.all(shuffled.map((session) => subject.store.insert(session, null)))
}

async function listAll(subject: Subject, user: UserScope, limit: number) {
  const found: Session[] = []
  let after: string | null = null
  do {
    const page = await subject.store.listByUser(user, { nowMs: NOW_MS, limit, after })
    assert.ok(page.sessions.length <= limit)
    assert.ok(page.next === null || page.sessions.length === limit)
    found.push(...page.sessions)
    after = page.next
  } while (after !== null)
  return found
}

/** The list of a user's live sessions. */
export function describePaging(open: OpenStore): void {
  describe('listByUser', () => {
    const subject = useSubject(open)

    it('lists live sessions oldest first, whatever the size of its pages', async () => {
      const sessions = sessionsOf(freshApp(), 12)
      await insertAll(subject(), sessions)
      const user = userOf(sessions[0] as Session)
      for (const limit of [1, 2, 3, 5, 11, 12, 13]) {
        assert.deepEqual(await listAll(subject(), user, limit), sessions)
      }
    })

    it('knows nobody who never came', async () => {
      const user = userOf(newSession({ app: freshApp() }))
      const page = await subject().store.listByUser(user, {
        nowMs: NOW_MS,
        limit: 10,
        after: null,
      })
      assert.deepEqual(page, { sessions: [], next: null })
    })

    it('shows rows as they are now, and only what is live', async () => {
      const { store } = subject()
      const [a, b, c, d] = sessionsOf(freshApp(), 4) as [Session, Session, Session, Session]
      await insertAll(subject(), [a, b, c, d])
      await store.revoke(b, { reason: 'revoked', nowMs: NOW_MS })
      await store.rotate(c, rotationOf(c))
      await store.updateClaims(d, { fresh: true })
      const expected = [a, rotated(c, rotationOf(c)), { ...d, claims: { fresh: true } }]
      assert.deepEqual(await listAll(subject(), userOf(a), 10), expected)
      const cutOff = { beforeMs: a.createdAtMs, reason: 'revoked', nowMs: NOW_MS } as const
      await store.revokeBefore(tenantOf(a), cutOff)
      const left = expected.filter(({ createdAtMs }) => createdAtMs > a.createdAtMs)
      assert.deepEqual(await listAll(subject(), userOf(a), 10), left)
    })

    it('skips and repeats nothing when rows end between two pages', async () => {
      const { store } = subject()
      const sessions = sessionsOf(freshApp(), 9)
      await insertAll(subject(), sessions)
      const user = userOf(sessions[0] as Session)
      const request = { nowMs: NOW_MS, limit: 3 }
      const first = await store.listByUser(user, { ...request, after: null })
      for (const index of [0, 2, 4]) {
        await store.revoke(sessions[index] as Session, { reason: 'revoked', nowMs: NOW_MS })
      }
      const second = await store.listByUser(user, { ...request, after: first.next })
      assert.deepEqual(first.sessions, sessions.slice(0, 3))
      assert.deepEqual(second.sessions, [sessions[3], sessions[5], sessions[6]])
      await store.revokeByUser(user, { reason: 'revoked', nowMs: NOW_MS, except: null })
      const third = await store.listByUser(user, { ...request, after: second.next })
      assert.deepEqual(third, { sessions: [], next: null })
    })

    it('cuts a page down to the most that may be asked for', async () => {
      const sessions = sessionsOf(freshApp(), PAGE_LIMIT_MAX + 20)
      await insertAll(subject(), sessions)
      const request = { nowMs: NOW_MS, limit: 10_000, after: null }
      const page = await subject().store.listByUser(userOf(sessions[0] as Session), request)
      assert.equal(page.sessions.length, PAGE_LIMIT_MAX)
      assert.notEqual(page.next, null)
    })

    it('reads from the start with a cursor that is none', async () => {
      const sessions = sessionsOf(freshApp(), 2)
      await insertAll(subject(), sessions)
      for (const after of ['', 'x', '.', '1', '1.', 'e3.x', '9'.repeat(400)]) {
        const request = { nowMs: NOW_MS, limit: 10, after }
        const page = await subject().store.listByUser(userOf(sessions[0] as Session), request)
        assert.deepEqual(page, { sessions, next: null })
      }
    })
  })
}
