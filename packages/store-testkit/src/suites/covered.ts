import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CutOffScope, Session, SessionLimit } from '@pawl/core'
import { at, freshApp, handleOf, newSession, range, tenantOf, userOf } from '../fixtures.ts'
import { type OpenStore, useSubject } from '../store-under-test.ts'

const LIMITS: readonly (SessionLimit | null)[] = [
  null,
  { max: 1, policy: 'refuse' },
  { max: 1, policy: 'end-oldest' },
]

/** What ends everything of a session's user, or of its tenant, up to a moment. */
const scopes: readonly ((session: Session) => CutOffScope)[] = [userOf, tenantOf]

/** Log-ins that come after a cut-off, by a clock that does not know so. */
export function describeCovered(open: OpenStore): void {
  describe('insert under a cut-off', () => {
    const subject = useSubject(open)
    const cutOff = (offsetMs: number) =>
      ({ beforeMs: at(offsetMs), reason: 'revoked', nowMs: at(offsetMs) }) as const

    it('says covered, and how far, in the same millisecond and seconds before it', async () => {
      for (const [scopeOf, limit, leadMs] of combinations([0, 1, 2000])) {
        const session = newSession({ app: freshApp() })
        await subject().store.revokeBefore(scopeOf(session), cutOff(leadMs))
        const outcome = await subject().peer(1).insert(session, limit)
        assert.deepEqual(outcome, { kind: 'covered', beforeMs: at(leadMs) })
        assert.equal(await subject().peer(2).find(session), undefined)
        const again = newSession({
          app: session.app,
          handle: handleOf('again'),
          createdAtMs: at(leadMs + 1),
        })
        const inserted = await subject().peer(2).insert(again, limit)
        assert.deepEqual(inserted, { kind: 'inserted', ended: [] })
        assert.deepEqual(await subject().store.find(again), again)
      }
    })

    it('takes a row that is a millisecond younger', async () => {
      for (const [scopeOf, limit] of combinations([0])) {
        const session = newSession({ app: freshApp() })
        await subject().store.revokeBefore(scopeOf(session), cutOff(-1))
        const outcome = await subject().store.insert(session, limit)
        assert.deepEqual(outcome, { kind: 'inserted', ended: [] })
        assert.deepEqual(await subject().store.find(session), session)
      }
    })

    it('says how far the later one of two reaches', async () => {
      for (const [first, second] of [scopes, scopes.toReversed()]) {
        const session = newSession({ app: freshApp() })
        await subject().store.revokeBefore(first?.(session) as CutOffScope, cutOff(50))
        await subject().store.revokeBefore(second?.(session) as CutOffScope, cutOff(70))
        const outcome = await subject().store.insert(session, null)
        assert.deepEqual(outcome, { kind: 'covered', beforeMs: at(70) })
      }
    })

    it('is not reached by the cut-offs of others', async () => {
      const session = newSession({ app: freshApp() })
      const stranger = { ...session, userId: 'stranger' as never, tenant: 'elsewhere' as never }
      const others = [
        { ...userOf(session), userId: stranger.userId },
        { ...userOf(session), tenant: stranger.tenant },
        tenantOf(stranger),
        userOf({ ...session, app: freshApp() }),
        tenantOf({ ...session, app: freshApp() }),
      ]
      for (const scope of others) await subject().store.revokeBefore(scope, cutOff(9))
      assert.equal((await subject().store.insert(session, null)).kind, 'inserted')
    })

    it('ends nobody to make room, and says duplicate first', async () => {
      for (const limit of LIMITS) {
        const app = freshApp()
        const oldest = newSession({ app, handle: handleOf('oldest'), createdAtMs: at(500) })
        const late = newSession({ app, handle: handleOf('late') })
        await subject().store.insert(oldest, null)
        await subject().store.revokeBefore(userOf(late), cutOff(10))
        const cursor = await subject().store.revocationsEnd()
        const outcome = await subject().store.insert(late, limit)
        assert.deepEqual(outcome, { kind: 'covered', beforeMs: at(10) })
        assert.deepEqual(await subject().store.find(oldest), oldest)
        assert.deepEqual((await subject().store.revocationsAfter(cursor, 10)).entries, [])
        const twin = { ...oldest, createdAtMs: late.createdAtMs }
        assert.deepEqual(await subject().store.insert(twin, limit), { kind: 'duplicate' })
      }
    })

    it('takes none of its neighbours with it', async () => {
      const app = freshApp()
      const sessions = range(40).map((index) =>
        newSession({ app, handle: handleOf(`${index}`), createdAtMs: at(index) }),
      )
      await subject().store.revokeBefore(userOf(sessions[0] as Session), cutOff(19))
      const outcomes = await Promise.all(
        sessions.map((session) => subject().store.insert(session, null)),
      )
      for (const [index, session] of sessions.entries()) {
        const expected =
          index > 19 ? { kind: 'inserted', ended: [] } : { kind: 'covered', beforeMs: at(19) }
        assert.deepEqual(outcomes[index], expected)
        assert.deepEqual(await subject().store.find(session), index > 19 ? session : undefined)
      }
    })
  })
}

function combinations(leadsMs: readonly number[]) {
  return scopes.flatMap((scopeOf) =>
    LIMITS.flatMap((limit) => leadsMs.map((leadMs) => [scopeOf, limit, leadMs] as const)),
  )
}
