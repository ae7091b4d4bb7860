import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EpochMs, REVOKED_KEPT_MS } from '@pawl/core'
import { firstSweepMs, shouldHaveMoved, sweepInRounds } from '@pawl/store-kit'
import { NOW_MS, rotationOf, sessionOf } from '../../../test/engines/trouble/labelled-sessions.ts'

/** A sweep of so many rows that are due, some of which go; what it was asked. */
function sweepOf(due: number, goneOf: (looked: number) => number) {
  const asked: number[] = []
  let left = due
  const sweep = async (count: number) => {
    asked.push(count)
    const looked = Math.min(count, left)
    left -= looked
    return { looked, gone: goneOf(looked) }
  }
  return { asked, sweep }
}

describe('a sweep', () => {
  it('goes in rounds until one of them finds fewer than it was asked for', async () => {
    const { asked, sweep } = sweepOf(25, (looked) => Math.floor(looked / 2))
    assert.equal(await sweepInRounds(100, 10, sweep), 12)
    assert.deepEqual(asked, [10, 10, 10])
  })

  it('deletes no more than its limit, and asks for nothing where that is none', async () => {
    const { asked, sweep } = sweepOf(1000, (looked) => looked)
    assert.equal(await sweepInRounds(25, 10, sweep), 25)
    assert.deepEqual(asked, [10, 10, 5])
    assert.equal(await sweepInRounds(0, 10, sweep), 0)
    assert.equal(asked.length, 3)
  })

  it('looks at a row first when that may go at the latest', () => {
    const session = sessionOf('sweep')
    const { idleExpiresAtMs, idleTimeoutMs, absoluteExpiresAtMs } = session
    assert.equal(firstSweepMs(session), idleExpiresAtMs + idleTimeoutMs)
    const idleTimeoutLong = absoluteExpiresAtMs - NOW_MS
    assert.equal(firstSweepMs({ ...session, idleTimeoutMs: idleTimeoutLong }), absoluteExpiresAtMs)
    const revokedAtMs = (NOW_MS - REVOKED_KEPT_MS) as EpochMs
    assert.equal(firstSweepMs({ ...session, revokedAtMs }), NOW_MS)
  })
})

describe('a row that a rotation let be', () => {
  const session = sessionOf('moved')
  const rotation = rotationOf('moved', 0)

  it('should have moved while it has the hash, and is neither ended nor over', () => {
    assert.equal(shouldHaveMoved(session, rotation), true)
    const { nowMs } = rotation
    assert.equal(shouldHaveMoved({ ...session, revokedAtMs: NOW_MS }, rotation), false)
    assert.equal(shouldHaveMoved({ ...session, absoluteExpiresAtMs: nowMs }, rotation), false)
    assert.equal(shouldHaveMoved(session, rotationOf('moved', 1)), false)
  })

  it('is idle only when its token is as well', () => {
    const idle = { ...session, idleExpiresAtMs: (rotation.nowMs - 1) as EpochMs }
    assert.equal(shouldHaveMoved(idle, rotation), true)
    const next = { ...rotation.next, curMintedAtMs: (NOW_MS - session.idleTimeoutMs) as EpochMs }
    assert.equal(shouldHaveMoved(idle, { ...rotation, next }), false)
  })
})
