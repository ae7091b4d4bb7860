import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EpochMs, REVOKED_KEPT_MS, type Session } from '@pawl/core'
import {
  at,
  freshApp,
  handleOf,
  IDLE_MS,
  LIFE_MS,
  NOW_MS,
  newSession,
  range,
  rotationOf,
  tenantOf,
} from '../fixtures.ts'
import { type OpenStore, type Subject, useSubject } from '../store-under-test.ts'

/** Sweeps just before a moment, which must leave the row, and at it, which must take it. */
async function goesAt(subject: Subject, session: Session, atMs: EpochMs): Promise<void> {
  assert.equal(await subject.store.deleteExpired((atMs - 1) as EpochMs, 100), 0)
  assert.notEqual(await subject.store.find(session), undefined)
  assert.equal(await subject.store.deleteExpired(atMs, 100), 1)
  assert.equal(await subject.store.find(session), undefined)
}

/** Deletion of what ended. */
export function describeSweeping(open: OpenStore): void {
  describe('deleteExpired', () => {
    const subject = useSubject(open)

    it('deletes a row at its absolute expiry', async () => {
      const parts = { idleExpiresAtMs: at(3 * LIFE_MS), absoluteExpiresAtMs: at(LIFE_MS) }
      const session = newSession({ app: freshApp(), ...parts })
      await subject().store.insert(session, null)
      await goesAt(subject(), session, at(LIFE_MS))
    })

    it('deletes a row that was idle for one more idle period', async () => {
      const session = newSession({ app: freshApp() })
      await subject().store.insert(session, null)
      await goesAt(subject(), session, at(2 * IDLE_MS + 1))
    })

    it('counts idleness from the last rotation, forwards and backwards', async () => {
      for (const offsetMs of [5000, IDLE_MS, -5000]) {
        const session = newSession({ app: freshApp() })
        await subject().store.insert(session, null)
        await subject().store.rotate(session, rotationOf(session, { nowMs: at(offsetMs) }))
        await goesAt(subject(), session, at(offsetMs + 2 * IDLE_MS + 1))
      }
    })

    it('keeps a revoked row for a day, and no day longer than it would live', async () => {
      const life = { idleTimeoutMs: 5 * LIFE_MS, absoluteExpiresAtMs: at(10 * LIFE_MS) }
      const long = newSession({ app: freshApp(), ...life, idleExpiresAtMs: at(5 * LIFE_MS) })
      const end = { reason: 'revoked', nowMs: at(7) } as const
      await subject().store.insert(long, null)
      await subject().store.revoke(long, end)
      await goesAt(subject(), long, at(7 + REVOKED_KEPT_MS + 1))
      const short = newSession({ app: freshApp() })
      await subject().store.insert(short, null)
      await subject().store.revoke(short, end)
      await goesAt(subject(), short, at(2 * IDLE_MS + 1))
      const born = { revokedAtMs: NOW_MS, endReason: 'theft' } as const
      const dead = newSession({ ...long, app: freshApp(), ...born })
      await subject().store.insert(dead, null)
      await goesAt(subject(), dead, at(REVOKED_KEPT_MS + 1))
    })

    it('leaves a row that only a cut-off ended until it expires', async () => {
      const life = { idleTimeoutMs: 5 * LIFE_MS, absoluteExpiresAtMs: at(10 * LIFE_MS) }
      const session = newSession({ app: freshApp(), ...life, idleExpiresAtMs: at(5 * LIFE_MS) })
      await subject().store.insert(session, null)
      const cutOff = { beforeMs: NOW_MS, reason: 'revoked', nowMs: NOW_MS } as const
      await subject().store.revokeBefore(tenantOf(session), cutOff)
      await goesAt(subject(), session, at(10 * LIFE_MS))
    })

    it('deletes as many as it may, until none is left', async () => {
      const app = freshApp()
      const sessions = range(25).map((index) =>
        newSession({ app, handle: handleOf(`swept ${index}`) }),
      )
      const kept = newSession({ app, handle: handleOf('kept'), createdAtMs: at(IDLE_MS) })
      for (const session of [...sessions, kept]) await subject().store.insert(session, null)
      const late = at(2 * IDLE_MS + 1)
      assert.equal(await subject().store.deleteExpired(late, 10), 10)
      assert.equal(await subject().store.deleteExpired(late, 10), 10)
      assert.equal(await subject().store.deleteExpired(late, 10), 5)
      assert.equal(await subject().store.deleteExpired(late, 10), 0)
      assert.deepEqual(await subject().store.find(kept), kept)
    })

    it('makes room for the key that it deleted', async () => {
      const session = newSession({ app: freshApp() })
      await subject().store.insert(session, null)
      await subject().store.deleteExpired(at(LIFE_MS), 100)
      const again = newSession({ app: session.app, createdAtMs: at(LIFE_MS) })
      assert.equal((await subject().store.insert(again, null)).kind, 'inserted')
      assert.deepEqual(await subject().store.find(again), again)
    })
  })
}
