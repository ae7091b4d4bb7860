import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { appSettings, faultsOf, nearestLegalSettings, rotationSettings } from '@pawl/core'
import fc from 'fast-check'

const seconds = fc.integer({ min: 1, max: 100 * 86_400 })
const settings = fc
  .record({
    accessTtlSeconds: fc.oneof(fc.integer({ min: 1, max: 10 }), seconds),
    idleTimeoutSeconds: fc.oneof(fc.integer({ min: 1, max: 10 }), seconds),
    absoluteTimeoutSeconds: fc.oneof(fc.integer({ min: 1, max: 10 }), seconds),
    accessJitterShare: fc.double({ min: -1, max: 2, noNaN: true }),
    raceWindowMs: fc.integer({ min: 0, max: 1_200_000 }),
    max: fc.integer({ min: -5, max: 5_000 }),
  })
  .map(({ raceWindowMs, max, ...lives }) => {
    const rotation = rotationSettings(raceWindowMs)
    return {
      ...appSettings(),
      ...lives,
      rotation,
      sessionLimit: { max, policy: 'refuse' } as const,
    }
  })

describe('the nearest legal settings', () => {
  it('are legal, and no life of a second or more is longer than it was written', () => {
    fc.assert(
      fc.property(settings, (given) => {
        const legal = nearestLegalSettings(given)
        assert.deepEqual(faultsOf(legal), [])
        for (const life of ['idleTimeoutSeconds', 'absoluteTimeoutSeconds'] as const) {
          assert.ok(legal[life] <= Math.max(given[life], 2), life)
        }
        assert.ok(legal.accessTtlSeconds <= given.accessTtlSeconds)
        assert.ok(legal.rotation.raceWindowMs <= given.rotation.raceWindowMs)
      }),
    )
  })

  it('of legal ones are the same', () => {
    const given = appSettings()
    assert.equal(nearestLegalSettings(given), given)
  })

  it('shorten the access token rather than lengthen the idle timeout', () => {
    const given = appSettings({ accessTtlSeconds: 3600, idleTimeoutSeconds: 3600 })
    const { accessTtlSeconds, idleTimeoutSeconds } = nearestLegalSettings(given)
    assert.deepEqual([accessTtlSeconds, idleTimeoutSeconds], [1800, 3600])
  })

  it('shorten the race window, and the settling time with it', () => {
    const given = appSettings({ accessTtlSeconds: 100, accessJitterShare: 0.1 })
    const { rotation, accessTtlSeconds } = nearestLegalSettings(given)
    assert.equal(accessTtlSeconds, 100)
    assert.deepEqual(rotation, { raceWindowMs: 30_000, settlingMs: 90_000 })
  })
})
