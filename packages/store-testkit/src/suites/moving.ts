import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AppId, Session, StoredCutOff, StoredRecord, UserId, WalkPage } from '@pawl/core'
import {
  at,
  freshApp,
  handleOf,
  hashOf,
  LIFE_MS,
  NOW_MS,
  newSession,
  range,
  rotated,
  rotationOf,
  tenantOf,
  userOf,
} from '../fixtures.ts'
import { type OpenStore, useSubject } from '../store-under-test.ts'

type Walk<Item> = (after: string | null, limit: number) => Promise<WalkPage<Item>>

/** Everything of an app that a walk comes by. */
async function walkAll<Item extends { readonly app: string }>(
  walk: Walk<Item>,
  app: AppId,
  limit = 3,
): Promise<readonly Item[]> {
  const found: Item[] = []
  let after: string | null = null
  do {
    const page: WalkPage<Item> = await walk(after, limit)
    assert.ok(page.items.length <= limit)
    found.push(...page.items.filter((item) => item.app === app))
    after = page.next
  } while (after !== null)
  return found
}

const textOf = (item: object): string => JSON.stringify(Object.entries(item).sort())

function assertSame(found: readonly object[], expected: readonly object[]): void {
  assert.deepEqual(found.map(textOf).sort(), expected.map(textOf).sort())
}

function sessionsOf(app: AppId, count: number): readonly Session[] {
  return range(count).map((index) =>
    newSession({ app, handle: handleOf(`moved ${index}`), userId: `user ${index % 3}` as UserId }),
  )
}

const ended = { revokedAtMs: at(5), endReason: 'theft' } as const

/** What one store gives so that another can hold it. */
export function describeMoving(open: OpenStore): void {
  describeWalks(open)
  describePuttingSessions(open)
  describePuttingTheRest(open)
}

function describeWalks(open: OpenStore): void {
  describe('a walk', () => {
    const subject = useSubject(open)

    it('comes by every session once, whatever the size of its pages', async () => {
      const { store } = subject()
      const sessions = sessionsOf(freshApp(), 12)
      for (const session of sessions) await store.insert(session, null)
      const app = sessions[0]?.app as AppId
      for (const limit of [1, 2, 5, 12, 500]) {
        assertSame(await walkAll(subject().peer(limit).walkSessions, app, limit), sessions)
      }
    })

    it('shows rows as they were written, with no cut-off folded in', async () => {
      const { store } = subject()
      const app = freshApp()
      const [a, b] = sessionsOf(app, 2) as [Session, Session]
      const past = newSession({ app, handle: handleOf('past'), createdAtMs: at(-10 * LIFE_MS) })
      for (const session of [a, b, past]) await store.insert(session, null)
      await store.rotate(a, rotationOf(a))
      await store.updateData(a, { fresh: 'é😀' })
      await store.revoke(b, { reason: 'theft', nowMs: at(5) })
      const cutOff = { beforeMs: at(9), reason: 'revoked', nowMs: at(7) } as const
      await store.revokeBefore(tenantOf(a), cutOff)
      assert.equal((await store.find(a))?.endReason, 'revoked')
      const expected = [
        { ...rotated(a, rotationOf(a)), data: { fresh: 'é😀' } },
        { ...b, ...ended },
      ]
      assertSame(await walkAll(store.walkSessions, app), [...expected, past])
      assertSame(await walkAll(store.walkCutOffs, app), [{ ...tenantOf(a), ...cutOff }])
    })

    it('skips and repeats nothing when other rows come and go between two pages', async () => {
      const { store } = subject()
      const app = freshApp()
      const sessions = sessionsOf(app, 12)
      const doomed = range(6).map((index) => {
        const handle = handleOf(`doomed ${index}`)
        return newSession({ app, handle, createdAtMs: at(-LIFE_MS) })
      })
      for (const session of [...doomed, ...sessions]) await store.insert(session, null)
      const found: string[] = []
      let after: string | null = null
      for (let turn = 0; ; turn += 1) {
        const page: WalkPage<Session> = await store.walkSessions(after, 4)
        found.push(...page.items.filter((row) => row.app === app).map(({ handle }) => handle))
        if (turn === 1) await store.deleteExpired(at(0), 3)
        if (turn === 2) await store.deleteExpired(at(0), 100)
        const late = newSession({ app, handle: handleOf(`late ${turn}`), createdAtMs: at(turn) })
        if (turn < 3) await store.insert(late, null)
        after = page.next
        if (after === null) break
      }
      const handles = sessions.map(({ handle }) => handle)
      const counted = found.filter((handle) => (handles as readonly string[]).includes(handle))
      assert.deepEqual(counted.sort(), handles.toSorted())
    })

    it('goes on from a cursor in another process', async () => {
      const { reopen, store } = subject()
      if (reopen === null) return
      const sessions = sessionsOf(freshApp(), 9)
      for (const session of sessions) await store.insert(session, null)
      const app = sessions[0]?.app as AppId
      let first = await store.walkSessions(null, 2)
      const found = [...first.items]
      const other = await reopen()
      while (first.next !== null) {
        first = await other.walkSessions(first.next, 2)
        found.push(...first.items)
      }
      assertSame(
        found.filter((row) => row.app === app),
        sessions,
      )
    })

    it('comes by all records, of every kind and app', async () => {
      const { store } = subject()
      const app = freshApp()
      const records: StoredRecord[] = []
      for (const kind of ['app', 'signing-key']) {
        for (const id of [' ', '0', 'a', 'a b', 'A', '~', 'z'.repeat(128)]) {
          records.push({ kind, app, id, version: 1, value: `${kind}\n${id}` })
          await store.insertRecord({ kind, app, id }, `${kind}\n${id}`)
        }
      }
      for (const limit of [1, 4, 100]) {
        assertSame(await walkAll(store.walkRecords, app, limit), records)
      }
      await store.deleteRecord(records[0] as StoredRecord)
      assertSame(await walkAll(store.walkRecords, app), records.slice(1))
    })

    it('comes by all cut-offs, as high as they are', async () => {
      const { store } = subject()
      const app = freshApp()
      const users = ['a', 'ä', '~', 'a:b', "'", '"\\', 'x'.repeat(256)]
      const cutOffs = users.map((user, index): StoredCutOff => {
        const scope = { ...userOf(newSession({ app })), userId: user as UserId }
        return { ...scope, beforeMs: at(index % 2), reason: 'revoked', nowMs: at(20 + index) }
      })
      const whole = { ...tenantOf(newSession({ app })), reason: 'revoked', nowMs: at(3) } as const
      const all = [...cutOffs, { ...whole, beforeMs: at(30) }]
      for (const { app, tenant, userId, ...cutOff } of all) {
        await store.revokeBefore({ app, tenant, userId }, { ...cutOff, beforeMs: at(-5) })
        await store.revokeBefore({ app, tenant, userId }, cutOff)
      }
      for (const limit of [1, 3, 500]) {
        assertSame(await walkAll(store.walkCutOffs, app, limit), all)
      }
    })

    it('begins at the start with a cursor that is none', async () => {
      const { store } = subject()
      await store.insert(newSession({ app: freshApp() }), null)
      const start = await store.walkSessions(null, 3)
      assert.notEqual(start.items.length, 0)
      for (const after of ['', 'x', '.', '1.', 'é', '9'.repeat(400)]) {
        assert.deepEqual(await store.walkSessions(after, 3), start)
        assert.deepEqual(await store.walkCutOffs(after, 3), await store.walkCutOffs(null, 3))
        assert.deepEqual(await store.walkRecords(after, 3), await store.walkRecords(null, 3))
      }
    })
  })
}

function describePuttingSessions(open: OpenStore): void {
  describe('a session that is put', () => {
    const subject = useSubject(open)
    /** The row without its cut-offs: what is there after sessions were put one after the other. */
    async function rowAfter(first: Session, ...rest: readonly Session[]): Promise<Session> {
      for (const session of [first, ...rest]) await subject().store.put({ sessions: [session] })
      const [row] = await walkAll(subject().peer(1).walkSessions, first.app)
      return row as Session
    }
    const fresh = (parts: Partial<Session> = {}) => newSession({ app: freshApp(), ...parts })

    it('is there as it was: found, listed, rotated, ended and swept like any other', async () => {
      const { store } = subject()
      const app = freshApp()
      const rows = sessionsOf(app, 3).map((row): Session => {
        const claims = { deep: [1, { two: 'é😀\n' }] }
        const parts = { userId: 'user' as UserId, keyThumbprint: hashOf('key') as never, claims }
        return { ...rotated(row, rotationOf(row)), ...parts }
      })
      const [a, b, c] = rows as readonly Session[] as readonly [Session, Session, Session]
      await store.put({ sessions: [a, b, { ...c, ...ended }] })
      assert.deepEqual(await store.find(a), a)
      assert.deepEqual(await store.find(c), { ...c, ...ended })
      const page = { nowMs: at(1000), limit: 10, after: null }
      const listed = await store.listByUser(userOf(a), page)
      assertSame(listed.sessions, [a, b])
      const rotation = rotationOf(a)
      const outcome = await store.rotate(a, rotation)
      assert.deepEqual(outcome, { session: rotated(a, rotation), advanced: true })
      const end = { reason: 'revoked', nowMs: at(1000), except: null } as const
      const handles = await store.revokeByUser(userOf(a), end)
      assert.deepEqual(handles.toSorted(), [a.handle, b.handle].sort())
      assert.equal(await store.deleteExpired(at(10 * LIFE_MS), 100), 3)
      assertSame(await walkAll(store.walkSessions, app), [])
    })

    it('counts for the limit of its user, and looks at no limit itself', async () => {
      const { store } = subject()
      const sessions = sessionsOf(freshApp(), 3).map((row) => ({ ...row, userId: 'u' as UserId }))
      await store.put({ sessions })
      const more = newSession({ ...(sessions[0] as Session), handle: handleOf('more') })
      const refused = await store.insert(more, { max: 3, policy: 'refuse' })
      assert.deepEqual(refused, { kind: 'limit-reached' })
    })

    it('changes nothing when it is put again', async () => {
      const session = fresh()
      assert.deepEqual(await rowAfter(session, session, session), session)
    })

    it('goes over an older state, with everything that changed', async () => {
      const session = fresh()
      const later = {
        ...rotated(session, rotationOf(session)),
        claims: { role: 'writer' },
        data: {},
      }
      assert.deepEqual(await rowAfter(session, later), later)
      const other = fresh()
      const renewed = { ...other, claims: { role: 'writer' }, data: { cart: [] } }
      assert.deepEqual(await rowAfter(other, renewed), renewed)
    })

    it('leaves a newer state as it is', async () => {
      const root = fresh()
      const session = rotated(root, rotationOf(root))
      const { generation, confirmedAtMs, idleExpiresAtMs } = session
      const older: readonly Partial<Session>[] = [
        root,
        { generation: generation - 1, confirmedAtMs: at(90_000), idleExpiresAtMs: at(LIFE_MS) },
        { confirmedAtMs: (confirmedAtMs - 1) as never, idleExpiresAtMs: at(LIFE_MS) },
        { idleExpiresAtMs: (idleExpiresAtMs - 1) as never, claims: { role: 'writer' } },
      ]
      for (const parts of older) {
        const behind = { ...session, curHash2: hashOf('older'), ...parts }
        assert.deepEqual(await rowAfter(session, behind), session)
      }
    })

    it('decides between siblings by who was active last, and a tie by who comes last', async () => {
      const session = fresh()
      const sibling = { ...session, curHash2: hashOf('sibling'), curMintedAtMs: at(-7) }
      const active = { ...sibling, idleExpiresAtMs: (session.idleExpiresAtMs + 1) as never }
      assert.deepEqual(await rowAfter(session, active), active)
      const other = fresh()
      const tie = { ...other, curHash2: hashOf('tie') }
      assert.deepEqual(await rowAfter(other, tie), tie)
    })

    it('ends a row, even one that is ahead of it, and never revives one', async () => {
      const session = fresh()
      const ahead = rotated(session, rotationOf(session))
      const dead = { ...session, ...ended }
      assert.deepEqual(await rowAfter(ahead, dead), dead)
      assert.deepEqual(await rowAfter(ahead), dead)
      assert.deepEqual(await rowAfter({ ...dead, endReason: 'revoked' }), dead)
      assert.equal((await subject().store.find(session))?.endReason, 'theft')
      const page = { nowMs: NOW_MS, limit: 10, after: null }
      assertSame((await subject().store.listByUser(userOf(session), page)).sessions, [])
      const limit = { max: 1, policy: 'refuse' } as const
      const next = { ...session, handle: handleOf('next') }
      assert.equal((await subject().store.insert(next, limit)).kind, 'inserted')
    })

    it('is ended by the cut-offs that are there, and by those that come', async () => {
      const { store } = subject()
      const session = fresh()
      const cutOff = { beforeMs: NOW_MS, reason: 'revoked', nowMs: at(4) } as const
      await store.put({ cutOffs: [{ ...userOf(session), ...cutOff }], sessions: [session] })
      assert.equal((await store.find(session))?.revokedAtMs, at(4))
      assert.equal((await store.rotate(session, rotationOf(session)))?.advanced, false)
    })

    it('never undoes a rotation that runs beside it', async () => {
      const { store, peer } = subject()
      const sessions = sessionsOf(freshApp(), 20)
      await store.put({ sessions })
      const outcomes = await Promise.all(
        sessions.flatMap((session, index) => [
          peer(index).rotate(session, rotationOf(session)),
          peer(index + 1).put({ sessions: [session] }),
        ]),
      )
      for (const [index, session] of sessions.entries()) {
        assert.equal((outcomes[2 * index] as { advanced: boolean }).advanced, true)
        assert.deepEqual(await store.find(session), rotated(session, rotationOf(session)))
      }
    })
  })
}

function describePuttingTheRest(open: OpenStore): void {
  describe('what else is put', () => {
    const subject = useSubject(open)

    it('takes 500 items in one call', async () => {
      const { store } = subject()
      const sessions = sessionsOf(freshApp(), 500)
      await store.put({ sessions })
      const app = sessions[0]?.app as AppId
      assert.equal((await walkAll(store.walkSessions, app, 500)).length, 500)
      await store.put({})
    })

    it('raises cut-offs, never lowers them, and logs nothing', async () => {
      const { store } = subject()
      const scope = userOf(newSession({ app: freshApp() }))
      const end = await store.revocationsEnd()
      const cutOff = { ...scope, beforeMs: at(5), reason: 'revoked', nowMs: at(6) } as const
      for (const each of [cutOff, { ...cutOff, beforeMs: at(4) }, { ...cutOff, nowMs: at(9) }]) {
        await store.put({ cutOffs: [each] })
      }
      assertSame(await walkAll(store.walkCutOffs, scope.app), [cutOff])
      const higher = { ...cutOff, beforeMs: at(7), nowMs: at(2), reason: 'theft' } as const
      const whole = { ...higher, userId: null }
      await store.put({ cutOffs: [higher, whole] })
      assertSame(await walkAll(store.walkCutOffs, scope.app), [higher, whole])
      assert.deepEqual((await store.revocationsAfter(end, 10)).entries, [])
    })

    it('replaces records, versions included', async () => {
      const { store } = subject()
      const key = { kind: 'app', app: freshApp(), id: 'a' }
      for (const version of [7, 7, 2, 9]) {
        const record = { ...key, version, value: `value ${version}` }
        await store.put({ records: [record] })
        assert.deepEqual(await store.findRecord(key), record)
      }
      assert.equal(await store.replaceRecord(key, 9, 'mine'), true)
      assert.equal((await store.findRecord(key))?.version, 10)
      assert.equal((await store.listRecords('app', key.app)).length, 1)
    })

    it('appends to the revocation log, in order, for followers to read', async () => {
      const { store, peer } = subject()
      const { app, tenant, userId, handle } = newSession({ app: freshApp() })
      const about = { app, tenant, atMs: at(1), reason: 'revoked' } as const
      const entries = [
        { kind: 'session', ...about, userId, handle },
        { kind: 'cut-off', ...about, userId, beforeMs: at(2) },
        { kind: 'cut-off', ...about, userId: null, beforeMs: at(3) },
        { kind: 'session', ...about, atMs: at(-9), userId, handle },
      ] as const
      const end = await store.revocationsEnd()
      await store.put({ revocations: entries })
      const page = await peer(1).revocationsAfter(end, 10)
      assert.deepEqual(page.entries, entries)
      assert.equal(await store.revocationsEnd(), page.cursor)
    })
  })
}
