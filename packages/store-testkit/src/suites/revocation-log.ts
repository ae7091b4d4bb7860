import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AppId, RevocationEntry, Session } from '@pawl/core'
import { at, freshApp, handleOf, newSession, range } from '../fixtures.ts'
import { type OpenStore, openSubject, type Subject, useSubject } from '../store-under-test.ts'

const CURSOR_CHARACTERS_MAX = 128

function sessionsOf(app: AppId, count: number): readonly Session[] {
  return range(count).map((index) => newSession({ app, handle: handleOf(`log ${index}`) }))
}

function handleIn(entry: RevocationEntry): string {
  return entry.kind === 'session' ? entry.handle : ''
}

/** Follows the log from a cursor until `count` entries were seen or it moves no more. */
async function follow(subject: Subject, from: string | null, pageLimit: number) {
  const entries: RevocationEntry[] = []
  let cursor = from
  for (;;) {
    const page = await subject.store.revocationsAfter(cursor, pageLimit)
    assert.ok(page.entries.length <= pageLimit)
    assert.ok(page.cursor.length <= CURSOR_CHARACTERS_MAX)
    entries.push(...page.entries)
    cursor = page.cursor
    if (page.entries.length === 0) return { entries, cursor }
  }
}

/** The log that followers tail. */
export function describeRevocationLog(open: OpenStore): void {
  describe('the revocation log', () => {
    const subject = useSubject(open)

    it('is read oldest first, in pages, from any cursor that was handed out', async () => {
      const sessions = sessionsOf(freshApp(), 9)
      const start = await subject().store.revocationsEnd()
      for (const [index, session] of sessions.entries()) {
        await subject().store.insert(session, null)
        // Times fall while the log grows: its order is that of the writes.
        await subject()
          .peer(index)
          .revoke(session, { reason: 'revoked', nowMs: at(-index) })
      }
      const handles = sessions.map(({ handle }) => handle)
      for (const limit of [1, 2, 4, 9, 500]) {
        const { entries } = await follow(subject(), start, limit)
        assert.deepEqual(entries.map(handleIn), handles)
      }
      const { cursor } = await subject().store.revocationsAfter(start, 4)
      const rest = await follow(subject(), cursor, 2)
      assert.deepEqual(rest.entries.map(handleIn), handles.slice(4))
      const fromOldest = await follow(subject(), null, 500)
      assert.deepEqual(fromOldest.entries.slice(-9).map(handleIn), handles)
    })

    it('ends where the cursor of its end says, on every connection', async () => {
      const end = await subject().store.revocationsEnd()
      const page = await subject().peer(1).revocationsAfter(end, 10)
      assert.deepEqual(page.entries, [])
      const [session] = sessionsOf(freshApp(), 1) as readonly [Session]
      await subject().peer(2).insert(session, null)
      await subject()
        .peer(2)
        .revoke(session, { reason: 'revoked', nowMs: at(1) })
      for (const cursor of [end, page.cursor]) {
        const { entries } = await subject().store.revocationsAfter(cursor, 10)
        assert.deepEqual(entries.map(handleIn), [session.handle])
      }
    })

    it('shows a follower every entry of many concurrent writers, once', async () => {
      const sessions = sessionsOf(freshApp(), 150)
      await Promise.all(
        sessions.map((session, index) => subject().peer(index).insert(session, null)),
      )
      let cursor = await subject().store.revocationsEnd()
      let isWriting = true
      const seen: string[] = []
      const tail = async () => {
        for (let isLast = false; ; ) {
          const page = await subject().peer(1).revocationsAfter(cursor, 7)
          seen.push(...page.entries.map(handleIn))
          cursor = page.cursor
          await nextTurn()
          if (page.entries.length > 0) continue
          if (isLast) return
          isLast = !isWriting
        }
      }
      const write = async () => {
        await Promise.all(
          sessions.map((session, index) =>
            subject()
              .peer(index)
              .revoke(session, { reason: 'revoked', nowMs: at(index) }),
          ),
        )
        isWriting = false
      }
      await Promise.all([tail(), write()])
      assert.deepEqual(seen.toSorted(), sessions.map(({ handle }) => handle).toSorted())
    })

    it('reads from the oldest entry with a cursor that is none', async () => {
      const [session] = sessionsOf(freshApp(), 1) as readonly [Session]
      await subject().store.insert(session, null)
      await subject().store.revoke(session, { reason: 'revoked', nowMs: at(1) })
      const whole = await follow(subject(), null, 500)
      for (const cursor of ['', 'x', '-1', '1e99', 'NaN', "' OR 1=1 --", 'é', '9'.repeat(128)]) {
        assert.deepEqual((await follow(subject(), cursor, 500)).entries, whole.entries)
      }
    })
  })

  describe('the revocation log after a trim', () => {
    const subject = useSubject(open)

    it('has lost what is older than a moment, and no more than asked for', async () => {
      const { store } = subject()
      const sessions = sessionsOf(freshApp(), 6)
      for (const [index, session] of sessions.entries()) {
        await store.insert(session, null)
        await store.revoke(session, { reason: 'revoked', nowMs: at(index) })
      }
      const { cursor } = await store.revocationsAfter(null, 2)
      assert.equal(await store.trimRevocations(at(3), 2), 2)
      assert.equal(await store.trimRevocations(at(3), 10), 1)
      assert.equal(await store.trimRevocations(at(3), 10), 0)
      const left = sessions.slice(3).map(({ handle }) => handle)
      for (const from of [null, cursor]) {
        assert.deepEqual((await follow(subject(), from, 2)).entries.map(handleIn), left)
      }
    })

    it('does not use a position twice, even when nothing is left', async () => {
      const { store } = subject()
      const end = await store.revocationsEnd()
      await store.trimRevocations(at(1e9), 1000)
      assert.deepEqual((await store.revocationsAfter(null, 10)).entries, [])
      const [session] = sessionsOf(freshApp(), 1) as readonly [Session]
      await store.insert(session, null)
      await store.revoke(session, { reason: 'revoked', nowMs: at(1) })
      const { entries } = await store.revocationsAfter(end, 10)
      assert.deepEqual(entries.map(handleIn), [session.handle])
    })

    it('is read from the oldest entry by one whose cursor lies beyond its end', async () => {
      const { cursor } = await follow(subject(), null, 500)
      const fresh = await openSubject(open)
      try {
        const [session] = sessionsOf(freshApp(), 1) as readonly [Session]
        await fresh.store.insert(session, null)
        await fresh.store.revoke(session, { reason: 'revoked', nowMs: at(1) })
        const { entries } = await fresh.store.revocationsAfter(cursor, 10)
        assert.deepEqual(entries.map(handleIn), [session.handle])
      } finally {
        await fresh.end()
      }
    })
  })
}
