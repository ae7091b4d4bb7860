import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type EpochMs, type KeyFacts, planKeys } from '../../src/index.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const settings = {
  algorithm: 'ES256',
  isTurning: true,
  intervalMs: 7 * DAY,
  publishAheadMs: HOUR,
  keptMs: HOUR + 60_000,
}
const at = (ms: number) => ms as EpochMs
const next = (signsFromMs: number, algorithm = 'ES256', isTurning = true) => ({
  ...{ algorithm, isTurning, signsFromMs },
})
const key = (signsFromMs: number, algorithm = 'ES256'): KeyFacts => ({
  algorithm,
  isTurning: true,
  isByHand: false,
  signsFromMs: at(signsFromMs),
})

test('the first key is made at once and signs at once', () => {
  assert.deepEqual(planKeys([], settings, at(5)).next, next(5))
})

test('the next key is published ahead of its first use, and made once', () => {
  const dueMs = 7 * DAY - HOUR
  assert.equal(planKeys([key(0)], settings, at(dueMs - 1)).next, null)
  assert.deepEqual(planKeys([key(0)], settings, at(dueMs)).next, next(7 * DAY))
  const plan = planKeys([key(0), key(7 * DAY)], settings, at(dueMs))
  assert.equal(plan.next, null)
  assert.equal(plan.signing?.signsFromMs, 0)
})

test('an old key stays until the last token signed with it is dead', () => {
  const keys = [key(0), key(7 * DAY)]
  assert.equal(planKeys(keys, settings, at(7 * DAY)).signing?.signsFromMs, 7 * DAY)
  assert.deepEqual(planKeys(keys, settings, at(7 * DAY + settings.keptMs - 1)).dead, [])
  assert.deepEqual(planKeys(keys, settings, at(7 * DAY + settings.keptMs)).dead, [keys[0]])
})

test('another algorithm is that of the next key, at its time: one core cannot turn it early', () => {
  const other = { ...settings, algorithm: 'EdDSA' }
  assert.equal(planKeys([key(0)], other, at(6 * DAY)).next, null)
  const dueMs = 7 * DAY - HOUR
  assert.deepEqual(planKeys([key(0)], other, at(dueMs)).next, next(7 * DAY, 'EdDSA'))
})

test('a static key signs until somebody turns it, whatever a core is set to', () => {
  const only = { ...key(0, 'RS256'), isTurning: false }
  for (const isTurning of [true, false]) {
    for (const algorithm of ['ES256', 'RS256']) {
      const plan = planKeys([only], { ...settings, algorithm, isTurning }, at(1_000 * DAY))
      assert.deepEqual(plan, { signing: only, next: null, dead: [] })
    }
  }
})

test('a static key goes with its last token only if somebody asked for its successor', () => {
  const fixed = { ...key(0), isTurning: false }
  const goneMs = DAY + settings.keptMs
  const slipped = [fixed, key(DAY)]
  assert.deepEqual(planKeys(slipped, settings, at(goneMs)).dead, [])
  const asked = [fixed, { ...key(DAY), isByHand: true }]
  assert.deepEqual(planKeys(asked, settings, at(goneMs - 1)).dead, [])
  assert.deepEqual(planKeys(asked, settings, at(goneMs)).dead, [fixed])
})

test('keys that turn go on turning under settings for a static one, until somebody asks', () => {
  const fixed = { ...settings, isTurning: false, algorithm: 'RS256' }
  assert.equal(planKeys([key(0)], fixed, at(DAY)).next, null)
  assert.deepEqual(planKeys([key(0)], fixed, at(7 * DAY - HOUR)).next, next(7 * DAY))
  assert.deepEqual(planKeys([], fixed, at(0)).next, next(0, 'RS256', false))
})

test('a core that slept for months turns on, never with a key nobody has seen', () => {
  const plan = planKeys([key(0)], settings, at(100 * DAY))
  assert.deepEqual(plan.next, next(100 * DAY + HOUR))
  assert.equal(plan.signing?.signsFromMs, 0)
})

test('whenever it is planned, no key signs unpublished or dies before its tokens', () => {
  const steps = fc.array(fc.integer({ min: 1, max: 3 * DAY }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(steps, (gaps) => {
      let keys: (KeyFacts & { madeMs: number })[] = [{ ...key(0), madeMs: 0 }]
      let nowMs = 0
      const lastSigned = new Map<KeyFacts, number>([[keys[0] as KeyFacts, 0]])
      for (const gap of gaps) {
        nowMs += gap
        const plan = planKeys(keys, settings, at(nowMs))
        for (const dead of plan.dead) assert.ok((lastSigned.get(dead) ?? 0) + HOUR < nowMs)
        keys = keys.filter((one) => !plan.dead.includes(one))
        if (plan.next !== null) keys.push({ ...key(plan.next.signsFromMs), madeMs: nowMs })
        const { signing } = planKeys(keys, settings, at(nowMs))
        assert.ok(signing !== undefined)
        const isFirst = signing.madeMs === 0
        assert.ok(isFirst || nowMs >= signing.madeMs + settings.publishAheadMs)
        lastSigned.set(signing, nowMs)
      }
    }),
    { seed: 7, numRuns: 300 },
  )
})
