import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, freshApp, newSession, range, rotated, rotationOf, tenantOf } from '../fixtures.ts'
import { type OpenStore, useSubject } from '../store-under-test.ts'

/** Claims and data: columns of their own, that no rotation loses and that lose no rotation. */
export function describeContent(open: OpenStore): void {
  describe('claims and data', () => {
    const subject = useSubject(open)

    it('are replaced as a whole, and nothing else is', async () => {
      const session = newSession({ app: freshApp() })
      await subject().store.insert(session, null)
      assert.equal(await subject().store.updateClaims(session, { a: { b: [] } }), true)
      assert.equal(await subject().store.updateData(session, {}), true)
      const expected = { ...session, claims: { a: { b: [] } }, data: {} }
      assert.deepEqual(await subject().peer(1).find(session), expected)
    })

    it('are not replaced without a row, in a revoked one, or in one under a cut-off', async () => {
      const { store } = subject()
      const missing = newSession({ app: freshApp() })
      const revoked = newSession({ app: freshApp() })
      const cutOff = newSession({ app: freshApp() })
      const end = { reason: 'revoked', nowMs: at(10) } as const
      await store.insert(revoked, null)
      await store.revoke(revoked, end)
      await store.insert(cutOff, null)
      await store.revokeBefore(tenantOf(cutOff), { ...end, beforeMs: cutOff.createdAtMs })
      for (const session of [missing, revoked, cutOff]) {
        const before = await store.find(session)
        assert.equal(await store.updateClaims(session, { late: true }), false)
        assert.equal(await store.updateData(session, { late: true }), false)
        assert.deepEqual(await store.find(session), before)
      }
    })

    it('report success for equal values too', async () => {
      const session = newSession({ app: freshApp() })
      await subject().store.insert(session, null)
      assert.equal(await subject().store.updateClaims(session, session.claims), true)
      assert.equal(await subject().store.updateData(session, session.data), true)
    })

    it('are in the row that a rotation returns', async () => {
      const session = newSession({ app: freshApp() })
      await subject().store.insert(session, null)
      await subject().peer(1).updateClaims(session, { role: 'admin' })
      const outcome = await subject().store.rotate(session, rotationOf(session))
      assert.deepEqual(outcome?.session.claims, { role: 'admin' })
    })

    it('and rotations never undo each other, however they race', async () => {
      const first = newSession({ app: freshApp() })
      await subject().store.insert(first, null)
      const rotations = async () => {
        let session = first
        for (const index of range(20)) {
          const rotation = rotationOf(session)
          session = rotated(session, rotation)
          assert.equal((await subject().peer(index).rotate(session, rotation))?.advanced, true)
        }
        return session
      }
      const claims = async () => {
        for (const index of range(20)) {
          assert.equal(
            await subject()
              .peer(index + 1)
              .updateClaims(first, { index }),
            true,
          )
          const found = await subject()
            .peer(index + 2)
            .find(first)
          assert.deepEqual(found?.claims, { index })
        }
      }
      const data = async () => {
        for (const index of range(20)) {
          assert.equal(
            await subject()
              .peer(index + 2)
              .updateData(first, { index }),
            true,
          )
        }
      }
      const [last] = await Promise.all([rotations(), claims(), data()])
      const expected = { ...last, claims: { index: 19 }, data: { index: 19 } }
      assert.deepEqual(await subject().store.find(first), expected)
    })
  })
}
