import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KeySet, type Outcome, ok, refuse } from '@pawl/protocol'
import { makeTrustCache } from '../../src/trust/trust-cache.ts'
import { fakeCore } from '../support/fake-core.ts'
import { signer } from '../support/signer.ts'
import { testClock } from '../support/test-clock.ts'

const first = signer('ES256', 'd-1')
const second = signer('ES256', 'd-2')

function setUp(answer: Outcome<KeySet> = ok({ keys: [first.jwk], maxAgeSeconds: 300 })) {
  const clock = testClock()
  const state = { answer }
  const core = fakeCore({ getKeys: async () => state.answer })
  const cache = makeTrustCache({ core, nowMs: clock.nowMs, reportFault: () => {} })
  const looks = () => core.calls.filter(({ operation }) => operation === 'getKeys').length
  return { clock, state, cache, looks }
}

/** Lets everything that waits on resolved promises go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('many first requests at once are one look-up', async () => {
  const { cache, looks } = setUp()
  await Promise.all(Array.from({ length: 50 }, () => cache.load()))
  assert.equal(looks(), 1)
  assert.equal(cache.current?.keys.size, 1)
})

test('the age the core states is honoured; after it, one look in the background', async () => {
  const { cache, clock, looks, state } = setUp()
  await cache.load()
  const before = cache.current
  clock.advance(299_999)
  cache.touch(clock.now)
  assert.equal(looks(), 1)
  clock.advance(1)
  state.answer = ok({ keys: [first.jwk, second.jwk], maxAgeSeconds: 300 })
  cache.touch(clock.now)
  cache.touch(clock.now)
  assert.equal(cache.current, before)
  await settle()
  assert.equal(looks(), 2)
  assert.equal(cache.current?.keys.size, 2)
})

test('an answer that says the same changes nothing, so that nothing is verified again', async () => {
  const { cache, clock } = setUp()
  await cache.load()
  const before = cache.current
  clock.advance(300_000)
  cache.touch(clock.now)
  await settle()
  assert.equal(cache.current, before)
})

const useless: Readonly<Record<string, Outcome<KeySet>>> = {
  'an outage': refuse('unavailable'),
  'an empty set': ok({ keys: [] }),
  'a set with two keys of one name': ok({ keys: [first.jwk, { ...second.jwk, kid: 'd-1' }] }),
  'a set of private keys': ok({ keys: [{ ...first.jwk, d: 'AAAA' }] }),
  'a set of symmetric keys': ok({
    keys: [{ kty: 'oct', k: 'AAAA', kid: 'x', alg: 'HS256', use: 'sig' }],
  }),
  'a huge set': ok({
    keys: Array.from({ length: 65 }, (_, i) => ({ ...first.jwk, kid: `k${i}` })),
  }),
}
for (const [name, answer] of Object.entries(useless)) {
  test(`${name} leaves the last good keys in place, however long it lasts`, async () => {
    const { cache, clock, state, looks } = setUp()
    await cache.load()
    const before = cache.current
    state.answer = answer
    for (let minute = 0; minute < 60; minute += 1) {
      clock.advance(60_000)
      cache.touch(clock.now)
      await settle()
    }
    assert.equal(cache.current, before)
    assert.ok(looks() > 10 && looks() <= 61)
    state.answer = ok({ keys: [second.jwk], maxAgeSeconds: 300 })
    clock.advance(30_000)
    cache.touch(clock.now)
    await settle()
    assert.deepEqual([...(cache.current?.keys.keys() ?? [])], ['d-2'])
  })
  test(`${name} at the start is "unavailable", and the core is asked at most once a second`, async () => {
    const { cache, clock, looks } = setUp(answer)
    for (let round = 0; round < 10; round += 1) {
      const outcome = await cache.load()
      assert.ok(outcome.kind === 'refused' && outcome.code === 'unavailable')
    }
    assert.equal(looks(), 1)
    clock.advance(1_000)
    await cache.load()
    assert.equal(looks(), 2)
  })
}

test('an unknown key while the core is away is undecided, not wrong', async () => {
  const { cache, state } = setUp()
  await cache.load()
  state.answer = refuse('unavailable')
  for (let round = 0; round < 3; round += 1) {
    const outcome = await cache.lookAgain()
    assert.ok(outcome.kind === 'refused' && outcome.code === 'unavailable')
  }
})

test('a stated age is kept within half a minute and a day', async () => {
  for (const [statedSeconds, usedSeconds] of [
    [0, 30],
    [10_000_000, 86_400],
  ] as const) {
    const { cache, clock, looks } = setUp(ok({ keys: [first.jwk], maxAgeSeconds: statedSeconds }))
    await cache.load()
    clock.advance(usedSeconds * 1000 - 1)
    cache.touch(clock.now)
    assert.equal(looks(), 1)
    clock.advance(1)
    cache.touch(clock.now)
    assert.equal(looks(), 2)
    await settle()
  }
})
