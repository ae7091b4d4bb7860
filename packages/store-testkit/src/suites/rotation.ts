import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EpochMs, Rotation, Session, TenantId, UserId } from '@pawl/core'
import {
  at,
  freshApp,
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

/** The one conditional write: each of its conditions, and what it leaves alone. */
export function describeRotation(open: OpenStore): void {
  describe('rotate', () => {
    const subject = useSubject(open)

    it('advances the row and returns it as every connection then finds it', async () => {
      const session = newSession({ app: freshApp() })
      await subject().store.insert(session, null)
      const rotation = rotationOf(session)
      const expected = rotated(session, rotation)
      const outcome = await subject().store.rotate(session, rotation)
      assert.deepEqual(outcome, { session: expected, advanced: true })
      assert.deepEqual(await subject().peer(1).find(session), expected)
    })

    it('writes every rotation column, also backwards, and a null parent', async () => {
      const session = newSession({ app: freshApp(), generation: 9, prevHash2: hashOf('p') })
      await subject().store.insert(session, null)
      const next = {
        generation: 3,
        curHash2: hashOf('other'),
        curMintedAtMs: at(-50_000),
        prevHash2: null,
        confirmedAtMs: at(-40_000),
      }
      const rotation = rotationOf(session, { next })
      const outcome = await subject().store.rotate(session, rotation)
      assert.deepEqual(outcome, { session: rotated(session, rotation), advanced: true })
    })

    it('answers undefined without a row, and makes none', async () => {
      const session = newSession({ app: freshApp() })
      assert.equal(await subject().store.rotate(session, rotationOf(session)), undefined)
      assert.equal(await subject().store.find(session), undefined)
    })

    it('leaves the same handle of another app or tenant alone', async () => {
      const session = newSession({ app: freshApp() })
      const strangers = [
        newSession({ app: freshApp() }),
        newSession({ app: session.app, tenant: 'second' as TenantId }),
      ]
      for (const each of [session, ...strangers]) await subject().store.insert(each, null)
      await subject().store.rotate(session, rotationOf(session))
      for (const each of strangers) assert.deepEqual(await subject().store.find(each), each)
    })

    it('never sets the idle expiry past the absolute one, and never moves that', async () => {
      const session = newSession({ app: freshApp(), absoluteExpiresAtMs: at(IDLE_MS) })
      await subject().store.insert(session, null)
      const outcome = await subject().store.rotate(session, rotationOf(session, { nowMs: at(10) }))
      assert.equal(outcome?.session.idleExpiresAtMs, at(IDLE_MS))
      assert.equal(outcome?.session.absoluteExpiresAtMs, at(IDLE_MS))
    })

    describeConditions(subject)
    describeRaces(subject)
  })
}

/** Tries one rotation on one row and says whether it advanced; checks the answer and the row. */
async function advances(
  subject: Subject,
  session: Session,
  parts: Partial<Rotation> = {},
): Promise<boolean> {
  const before = await subject.store.find(session)
  if (before === undefined) throw new Error('there is no row to rotate')
  const rotation = rotationOf(session, parts)
  const outcome = await subject.store.rotate(session, rotation)
  const after = outcome?.advanced ? rotated(before, rotation) : before
  assert.deepEqual(outcome?.session, after)
  assert.deepEqual(await subject.store.find(session), after)
  return outcome?.advanced === true
}

/** A fresh row, as given. */
async function inserted(subject: Subject, parts: Partial<Session> = {}): Promise<Session> {
  const session = newSession({ app: freshApp(), ...parts })
  await subject.store.insert(session, null)
  return session
}

/** A rotation at a moment, to a token that was minted at another. */
function rotationAt(nowMs: EpochMs, mintedAtMs: EpochMs): Partial<Rotation> {
  const { next } = rotationOf(newSession({ app: freshApp() }))
  return { nowMs, next: { ...next, curMintedAtMs: mintedAtMs } }
}

function describeConditions(subject: () => Subject): void {
  const end = { reason: 'revoked', nowMs: at(100) } as const

  it('does not advance from a hash that is not the current one', async () => {
    const session = await inserted(subject(), { prevHash2: hashOf('prev') })
    for (const expected of [hashOf('unknown'), hashOf('prev')]) {
      assert.equal(await advances(subject(), session, { expected }), false)
    }
    assert.equal(await advances(subject(), session), true)
    assert.equal(await advances(subject(), session), false)
  })

  it('does not advance a session that was revoked', async () => {
    const session = await inserted(subject())
    await subject().store.revoke(session, end)
    assert.equal(await advances(subject(), session), false)
  })

  it('advances until the last millisecond before the absolute expiry, and not at it', async () => {
    const parts = { idleTimeoutMs: 2 * LIFE_MS, idleExpiresAtMs: at(2 * LIFE_MS) }
    const session = await inserted(subject(), { ...parts, absoluteExpiresAtMs: at(LIFE_MS) })
    assert.equal(await advances(subject(), session, { nowMs: at(LIFE_MS) }), false)
    assert.equal(await advances(subject(), session, { nowMs: at(LIFE_MS - 1) }), true)
  })

  it('advances up to the idle expiry of the row, and not after it', async () => {
    const old = at(-IDLE_MS)
    const session = await inserted(subject())
    assert.equal(await advances(subject(), session, rotationAt(at(IDLE_MS + 1), old)), false)
    assert.equal(await advances(subject(), session, rotationAt(at(IDLE_MS), old)), true)
  })

  it('lets a token younger than the row witness that the session is not idle', async () => {
    const minted = at(IDLE_MS - 5)
    const last = at(2 * IDLE_MS - 5)
    const session = await inserted(subject())
    const late = rotationAt((last + 1) as EpochMs, minted)
    assert.equal(await advances(subject(), session, late), false)
    assert.equal(await advances(subject(), session, rotationAt(last, minted)), true)
  })

  it('does not let an older token shorten the idle time that the row grants', async () => {
    const session = await inserted(subject(), { idleExpiresAtMs: at(3 * IDLE_MS) })
    const rotation = rotationAt(at(3 * IDLE_MS), at(-LIFE_MS))
    assert.equal(await advances(subject(), session, rotation), true)
  })

  for (const scopeOf of [userOf, tenantOf]) {
    it(`does not advance a session that the cut-off of its ${scopeOf.name.slice(0, -2)} covers`, async () => {
      const { store } = subject()
      const session = await inserted(subject())
      await store.revokeBefore(scopeOf(session), { ...end, beforeMs: at(-1) })
      assert.equal(await advances(subject(), session), true)
      const [same, next] = [await store.find(session), { ...end, beforeMs: NOW_MS }]
      await store.revokeBefore(scopeOf(session), next)
      assert.equal(await advances(subject(), same ?? session), false)
    })
  }

  it('is not stopped by the cut-off of another user, tenant or app', async () => {
    const session = await inserted(subject())
    const cutOff = { ...end, beforeMs: at(1000) }
    const { app, tenant, userId } = session
    const second = 'second' as TenantId
    await subject().store.revokeBefore({ app, tenant, userId: 'other' as UserId }, cutOff)
    await subject().store.revokeBefore({ app, tenant: second, userId }, cutOff)
    await subject().store.revokeBefore({ app, tenant: second, userId: null }, cutOff)
    await subject().store.revokeBefore({ app: freshApp(), tenant, userId: null }, cutOff)
    assert.equal(await advances(subject(), session), true)
  })
}

function describeRaces(subject: () => Subject): void {
  it('lets exactly one of 50 concurrent rotations from one hash win', async () => {
    const session = newSession({ app: freshApp() })
    await subject().store.insert(session, null)
    const rotations = range(50).map((index) => {
      const rotation = rotationOf(session)
      return { ...rotation, next: { ...rotation.next, curHash2: hashOf(`sibling ${index}`) } }
    })
    const outcomes = await Promise.all(
      rotations.map((rotation, index) => subject().peer(index).rotate(session, rotation)),
    )
    const winners = rotations.filter((_, index) => outcomes[index]?.advanced)
    assert.equal(winners.length, 1)
    const [winner = rotationOf(session)] = winners
    const row = rotated(session, winner)
    for (const outcome of outcomes) {
      const seen = outcome?.session.curHash2
      const wasBefore = !outcome?.advanced && seen === session.curHash2
      if (!wasBefore) assert.deepEqual(outcome?.session, row)
    }
    assert.deepEqual(await subject().store.find(session), row)
  })

  it('walks a chain of rotations through all connections', async () => {
    let session = newSession({ app: freshApp() })
    await subject().store.insert(session, null)
    for (const index of range(20)) {
      const rotation = rotationOf(session)
      session = rotated(session, rotation)
      const outcome = await subject().peer(index).rotate(session, rotation)
      assert.deepEqual(outcome, { session, advanced: true })
    }
  })

  it('lets nothing advance once a racing revocation was answered', async () => {
    for (const round of range(10)) {
      let session = newSession({ app: freshApp() })
      await subject().store.insert(session, null)
      let isRevoked = false
      const walk = async (): Promise<void> => {
        for (;;) {
          const rotation = rotationOf(session)
          const wasRevoked = isRevoked
          const outcome = await subject().peer(round).rotate(session, rotation)
          if (!outcome?.advanced) return
          assert.equal(wasRevoked, false)
          session = rotated(session, rotation)
        }
      }
      const end = async (): Promise<void> => {
        const revocation = { reason: 'sign-out', nowMs: at(50) } as const
        assert.equal(
          await subject()
            .peer(round + 1)
            .revoke(session, revocation),
          true,
        )
        isRevoked = true
      }
      await Promise.all([walk(), end()])
      const ended = { ...session, revokedAtMs: at(50), endReason: 'sign-out' }
      assert.deepEqual(await subject().store.find(session), ended)
    }
  })
}
