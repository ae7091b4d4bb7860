import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStoreError, type Session, type Store } from '@pawl/core'
import { freshApp, handleOf, NOW_MS, newSession, range, rotationOf, userOf } from '../fixtures.ts'
import { type OpenStore, openSubject } from '../store-under-test.ts'

/** Every method but `close`, called. */
function callsOf(store: Store, session: Session): readonly (() => Promise<unknown>)[] {
  const end = { reason: 'revoked', nowMs: NOW_MS } as const
  const key = { kind: 'app', app: session.app, id: 'x' }
  return [
    () => store.insert(session, null),
    () => store.find(session),
    () => store.rotate(session, rotationOf(session)),
    () => store.updateClaims(session, {}),
    () => store.updateData(session, {}),
    () => store.revoke(session, end),
    () => store.revokeByUser(userOf(session), { ...end, except: null }),
    () => store.revokeBefore(userOf(session), { ...end, beforeMs: NOW_MS }),
    () => store.listByUser(userOf(session), { nowMs: NOW_MS, limit: 1, after: null }),
    () => store.revocationsAfter(null, 1),
    () => store.revocationsEnd(),
    () => store.deleteExpired(NOW_MS, 1),
    () => store.trimRevocations(NOW_MS, 1),
    () => store.findRecord(key),
    () => store.listRecords('app', session.app),
    () => store.insertRecord(key, ''),
    () => store.replaceRecord(key, 1, ''),
    () => store.deleteRecord(key),
    () => store.clockMs(),
    () => store.migrate(),
    () => store.ping(),
  ]
}

/** From the first call to the last. */
export function describeLifeCycle(open: OpenStore): void {
  describe('life cycle', () => {
    it('says what it is, takes pings, and migrates any number of times', async () => {
      const { store, end } = await openSubject(open)
      assert.match(store.engine, /^[a-z]+$/)
      assert.equal(typeof store.isEmbedded, 'boolean')
      const session = newSession({ app: freshApp() })
      await store.insert(session, null)
      await Promise.all([store.migrate(), store.migrate()])
      await store.ping()
      assert.deepEqual(await store.find(session), session)
      const clockMs = await store.clockMs()
      assert.ok(clockMs === null || Number.isInteger(clockMs))
      await end()
    })

    it('closes twice, and then refuses every call as closed', async () => {
      const { store, end } = await openSubject(open)
      await Promise.all([store.close(), store.close()])
      for (const call of callsOf(store, newSession({ app: freshApp() }))) {
        await assert.rejects(call, (error) => isStoreError(error) && error.kind === 'closed')
      }
      await end()
    })

    it('finishes what is in flight when it is closed, or says that it did not', async () => {
      const { store, reopen, end } = await openSubject(open)
      const app = freshApp()
      const sessions = range(30).map((index) =>
        newSession({ app, handle: handleOf(`in flight ${index}`) }),
      )
      const writes = sessions.map((session) => store.insert(session, null))
      await store.close()
      const outcomes = await Promise.allSettled(writes)
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue
        assert.ok(isStoreError(outcome.reason))
      }
      if (reopen !== null) {
        const again = await reopen()
        for (const [index, session] of sessions.entries()) {
          const isThere = (await again.find(session)) !== undefined
          assert.equal(isThere, outcomes[index]?.status === 'fulfilled')
        }
      }
      await end()
    })

    it('finds everything again when it is opened again', async () => {
      const { store, reopen, end } = await openSubject(open)
      if (reopen !== null) {
        const session = newSession({ app: freshApp() })
        const key = { kind: 'app', app: session.app, id: 'kept' }
        await store.insert(session, null)
        await store.insertRecord(key, 'kept')
        const cursor = await store.revocationsEnd()
        await store.revoke(session, { reason: 'sign-out', nowMs: NOW_MS })
        await store.close()
        const again = await reopen()
        const ended = { ...session, revokedAtMs: NOW_MS, endReason: 'sign-out' }
        assert.deepEqual(await again.find(session), ended)
        assert.equal((await again.findRecord(key))?.value, 'kept')
        assert.equal((await again.revocationsAfter(cursor, 10)).entries.length, 1)
      }
      await end()
    })
  })
}
