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
const key = (signsFromMs: number, algorithm = 'ES256'): KeyFacts => ({
  algorithm,
  isTurning: true,
  signsFromMs: at(signsFromMs),
})

test('the first key is made at once and signs at once', () => {
  assert.deepEqual(planKeys([], settings, at(5)).next, { signsFromMs: 5 })
})

test('the next key is published ahead of its first use, and made once', () => {
  const dueMs = 7 * DAY - HOUR
  assert.equal(planKeys([key(0)], settings, at(dueMs - 1)).next, null)
  const { next } = planKeys([key(0)], settings, at(dueMs))
  assert.deepEqual(next, { signsFromMs: 7 * DAY })
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

test('another algorithm turns the key early, still published ahead', () => {
  const { next } = planKeys([key(0)], { ...settings, algorithm: 'EdDSA' }, at(DAY))
  assert.deepEqual(next, { signsFromMs: DAY + HOUR })
})

test('a static key signs until it is taken away; keys that turned before end with it', () => {
  const fixed = { ...settings, isTurning: false }
  assert.deepEqual(planKeys([key(0)], fixed, at(DAY)).next, { signsFromMs: DAY + HOUR })
  const only = { ...key(0), isTurning: false }
  assert.equal(planKeys([only], fixed, at(1_000 * DAY)).next, null)
})

test('a core that slept for months turns on, never with a key nobody has seen', () => {
  const { next, signing } = planKeys([key(0)], settings, at(100 * DAY))
  assert.deepEqual(next, { signsFromMs: 100 * DAY + HOUR })
  assert.equal(signing?.signsFromMs, 0)
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
