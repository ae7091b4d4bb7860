import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AppId, CutOffsSwept, EpochMs, StoredCutOff, UserId } from '@pawl/core'
import { at, freshApp, handleOf, newSession, range, tenantOf, userOf } from '../fixtures.ts'
import { type OpenStore, useSubject } from '../store-under-test.ts'

/** Deletion of cut-offs that nobody can need any more. */
export function describeCutOffSweeping(open: OpenStore): void {
  describe('sweepCutOffs', () => {
    const subject = useSubject(open)

    /** Sweeps all that is there, in steps of two. */
    async function sweep(settledMs: EpochMs): Promise<number> {
      let deleted = 0
      let after: string | null = null
      do {
        const request = { settledMs, after, limit: 2 }
        const swept: CutOffsSwept = await subject().store.sweepCutOffs(request)
        deleted += swept.deleted
        after = swept.next
      } while (after !== null)
      return deleted
    }

    async function cutOffsOf(app: AppId): Promise<readonly StoredCutOff[]> {
      const { items } = await subject().store.walkCutOffs(null, 500)
      return items.filter((cutOff) => cutOff.app === app)
    }

    it('deletes what covers no row, of settled times, and no cut-off of a tenant', async () => {
      const { store } = subject()
      const session = newSession({ app: freshApp() })
      const cutOff = { reason: 'revoked', beforeMs: at(5), nowMs: at(5) } as const
      for (const user of range(5)) {
        const scope = { ...userOf(session), userId: `user ${user}` as UserId }
        await store.revokeBefore(scope, cutOff)
      }
      await store.revokeBefore(tenantOf(session), cutOff)
      const late = { ...userOf(session), userId: 'late' as UserId }
      await store.revokeBefore(late, { ...cutOff, nowMs: at(6) })
      assert.equal(await sweep(at(5)), 0)
      assert.equal(await sweep(at(6)), 5)
      assert.deepEqual(
        (await cutOffsOf(session.app)).map(({ userId }) => userId).sort(),
        ['late', null].sort(),
      )
      assert.equal(await sweep(at(7)), 1)
    })

    it('keeps what ends a row, until that row is gone or revoked itself', async () => {
      const { store } = subject()
      const app = freshApp()
      const [a, b] = range(2).map((index) =>
        newSession({ app, handle: handleOf(`${index}`), userId: `user ${index}` as UserId }),
      ) as [ReturnType<typeof newSession>, ReturnType<typeof newSession>]
      await store.insert(a, null)
      const later = newSession({ app, handle: handleOf('later'), createdAtMs: at(10) })
      await store.insert({ ...later, userId: b.userId }, null)
      for (const each of [a, b]) {
        const cutOff = { reason: 'revoked', beforeMs: at(1), nowMs: at(1) } as const
        await store.revokeBefore(userOf(each), cutOff)
      }
      assert.equal(await sweep(at(100)), 1)
      assert.deepEqual(
        (await cutOffsOf(app)).map(({ userId }) => userId),
        [a.userId],
      )
      assert.equal((await store.find(a))?.endReason, 'revoked')
      await store.put({ sessions: [{ ...a, revokedAtMs: at(2), endReason: 'theft' }] })
      assert.equal(await sweep(at(100)), 1)
      assert.equal((await store.find(a))?.endReason, 'theft')
    })
  })
}
