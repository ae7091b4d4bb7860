import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Outcome, ok, refuse, type VerifiedSession } from '@pawl/protocol'
import type { CoreCalls } from '../../src/ports.ts'
import { OPEN_GATE } from '../../src/revocations/revocation-gate.ts'
import { makeLocalRevocations } from '../../src/session/revocations.ts'
import { makeVerifier, type SettledUse } from '../../src/tokens/verifier.ts'
import { makeTrustCache } from '../../src/trust/trust-cache.ts'
import { fakeCore, SETTINGS } from '../support/fake-core.ts'
import { HANDLE, packLineage, signer } from '../support/signer.ts'
import { testClock } from '../support/test-clock.ts'

const first = signer('ES256', 'd-1')
const second = signer('ES256', 'd-2')

/** What a core says of an opaque token. */
const SESSION: VerifiedSession = {
  handle: HANDLE,
  userId: 'alice',
  tenant: 'default',
  claims: {},
  issuedAtMs: 0,
  expiresAtMs: 900_000,
  lineage: { id: 'x', parent: null, generation: 0 },
}

function setUp(confirm: 'on-use' | 'on-refresh' = 'on-use', operations: Partial<CoreCalls> = {}) {
  const clock = testClock()
  const keys = [first.jwk]
  const fake = fakeCore({
    getKeys: async () => ok({ keys: [...keys], maxAgeSeconds: 300 }),
    getSettings: async () => ok({ ...SETTINGS, confirm }),
  })
  const core = { ...fake, ...operations }
  const reportFault = () => {}
  const trust = makeTrustCache({ core, nowMs: clock.nowMs, reportFault })
  const revocations = makeLocalRevocations(10)
  const uses: SettledUse[] = []
  const verifier = makeVerifier({
    core,
    trust,
    revocations,
    gate: OPEN_GATE,
    nowMs: clock.nowMs,
    onSettledUse: (use) => uses.push(use),
    cacheLimit: 100,
  })
  return { clock, keys, core, trust, revocations, uses, verifier }
}

function codeOf(outcome: Outcome<VerifiedSession>): string {
  return outcome.kind === 'ok' ? 'ok' : outcome.code
}

test('after the keys are there, verification answers at once', async () => {
  const { verifier } = setUp()
  const token = first.token()
  const pending = verifier.verify(token)
  assert.ok(pending instanceof Promise)
  assert.equal(codeOf(await pending), 'ok')
  for (const text of [token, first.token({ sub: 'bob' }), 'garbage']) {
    assert.ok(!(verifier.verify(text) instanceof Promise))
  }
})

test('a token seen before expires on time', async () => {
  const { verifier, clock } = setUp()
  const token = first.token()
  await verifier.verify(token)
  clock.advance(899_999)
  assert.equal(codeOf(await verifier.verify(token)), 'ok')
  clock.advance(1)
  assert.equal(codeOf(await verifier.verify(token)), 'access_token_expired')
  assert.equal(codeOf(await verifier.verify(token)), 'access_token_expired')
})

test('a token seen before is refused as soon as its session is known to have ended', async () => {
  const { verifier, revocations, clock } = setUp()
  const token = first.token()
  const other = first.token({ sid: 'B'.repeat(22) })
  await verifier.verify(token)
  revocations.add([HANDLE], clock.now)
  assert.equal(codeOf(await verifier.verify(token)), 'session_ended')
  assert.equal(codeOf(await verifier.verify(other)), 'ok')
  const spelledAnew = first.token({ iat: clock.now / 1000 - 5 })
  assert.equal(codeOf(await verifier.verify(spelledAnew)), 'session_ended')
})

test('a token seen before is refused once its key is gone from the set', async () => {
  const { verifier, keys, clock, trust } = setUp()
  const token = first.token()
  await verifier.verify(token)
  keys.splice(0, 1, second.jwk)
  clock.advance(300_000)
  assert.equal(codeOf(await verifier.verify(token)), 'ok')
  await trust.lookAgain()
  assert.equal(codeOf(await verifier.verify(token)), 'access_token_invalid')
})

test('a token of a new key is accepted after one look at the keys', async () => {
  const { verifier, keys, core } = setUp()
  await verifier.verify(first.token())
  keys.push(second.jwk)
  assert.equal(codeOf(await verifier.verify(second.token())), 'ok')
  assert.equal(core.calls.filter(({ operation }) => operation === 'getKeys').length, 2)
})

test('ten thousand tokens of unknown keys cause one look at the keys per cool-down', async () => {
  const { verifier, core, clock } = setUp()
  const good = first.token()
  await verifier.verify(good)
  const flood = async () => {
    const outcomes: Promise<Outcome<VerifiedSession>>[] = []
    for (let index = 0; index < 10_000; index += 1) {
      const header = Buffer.from(
        JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: `k-${index}` }),
      ).toString('base64url')
      outcomes.push(Promise.resolve(verifier.verify(`${header}.e30.AAAA`)))
    }
    return new Set((await Promise.all(outcomes)).map(codeOf))
  }
  const looks = () => core.calls.filter(({ operation }) => operation === 'getKeys').length
  assert.deepEqual([...(await flood())], ['access_token_invalid'])
  assert.equal(looks(), 2)
  await flood()
  assert.equal(looks(), 2)
  assert.equal(codeOf(await verifier.verify(good)), 'ok')
  clock.advance(30_000)
  await flood()
  assert.equal(looks(), 3)
})

test('a new key within the cool-down is a question that is open; a key that has gone is not', async () => {
  const { verifier, keys, clock } = setUp()
  await verifier.verify(first.token())
  const iat = (ms: number) => ({ iat: ms / 1000, exp: ms / 1000 + 900 })
  const gone = signer('ES256', 'd-0')
  clock.advance(10_000)
  // Whoever made this up has the keys looked at, now.
  const made = signer('ES256', 'd-x').token(iat(clock.now))
  assert.equal(codeOf(await verifier.verify(made)), 'access_token_invalid')
  clock.advance(5_000)
  keys.splice(0, 1, second.jwk)
  const fresh = second.token(iat(clock.now))
  const open = await verifier.verify(fresh)
  assert.ok(open.kind === 'refused' && open.code === 'unavailable')
  assert.equal(open.retryAfterSeconds, 2)
  const old = gone.token(iat(clock.now - 86_400_000))
  assert.equal(codeOf(await verifier.verify(old)), 'access_token_invalid')
  for (const payload of ['e30', 'bnVsbA', 'AAAA', '']) {
    const [header = ''] = fresh.split('.')
    assert.equal(codeOf(await verifier.verify(`${header}.${payload}.AA`)), 'access_token_invalid')
  }
  clock.advance(25_000)
  assert.equal(codeOf(await verifier.verify(fresh)), 'ok')
})

test('a new key within the second of the last look is a question that is open, too', async () => {
  const { verifier, keys, clock } = setUp()
  await verifier.verify(first.token())
  clock.advance(10_500)
  const iat = Math.floor(clock.now / 1000)
  const made = signer('ES256', 'd-x').token({ iat, exp: iat + 900 })
  assert.equal(codeOf(await verifier.verify(made)), 'access_token_invalid')
  clock.advance(400)
  keys.splice(0, 1, second.jwk)
  const fresh = second.token({ iat, exp: iat + 900 })
  assert.equal(codeOf(await verifier.verify(fresh)), 'unavailable')
  const before = second.token({ iat: iat - 1, exp: iat + 899 })
  assert.equal(codeOf(await verifier.verify(before)), 'access_token_invalid')
})

test('what the core says of a token is frozen, and not what the core itself goes on using', async () => {
  const claims = { roles: ['user'], org: { name: 'acme' } }
  const asked: unknown[] = []
  const { verifier } = setUp('on-use', {
    verifySession: async (request, signal) => {
      asked.push({ ...request, signal })
      return ok({ ...SESSION, claims })
    },
  })
  const { signal } = new AbortController()
  const outcome = await verifier.verify('pawl_at1.x', { clientAddress: '198.51.100.7', signal })
  assert.ok(outcome.kind === 'ok')
  assert.deepEqual(outcome.value.claims, claims)
  const { roles, org } = outcome.value.claims as typeof claims
  for (const one of [outcome.value.claims, roles, org]) assert.ok(Object.isFrozen(one))
  for (const one of [claims, claims.roles, claims.org]) assert.ok(!Object.isFrozen(one))
  // The core counts what is refused against the client.
  assert.deepEqual(asked, [
    { accessToken: 'pawl_at1.x', checkStore: false, clientAddress: '198.51.100.7', signal },
  ])
})

test('the first settled use of an unconfirmed grant is told once', async () => {
  const { verifier, uses, clock } = setUp()
  const token = first.token({ lin: packLineage({ generation: 1, parent: 'parent' }) })
  await verifier.verify(token)
  clock.advance(149_999)
  await verifier.verify(token)
  assert.equal(uses.length, 0)
  clock.advance(1)
  await verifier.verify(token)
  await verifier.verify(token)
  assert.equal(uses.length, 1)
  assert.equal(uses[0]?.token, token)
  assert.equal(uses[0]?.firstSeenAtMs, clock.now)
})

test('a first grant, and any grant of an app that confirms on refresh, is never told', async () => {
  const onUse = setUp()
  await onUse.verifier.verify(first.token())
  onUse.clock.advance(200_000)
  await onUse.verifier.verify(first.token())
  assert.equal(onUse.uses.length, 0)
  const onRefresh = setUp('on-refresh')
  const token = first.token({ lin: packLineage({ generation: 1, parent: 'parent' }) })
  onRefresh.clock.advance(200_000)
  await onRefresh.verifier.verify(token)
  assert.equal(onRefresh.uses.length, 0)
})

test('an opaque token is verified at the core each time', async () => {
  let outcome: Outcome<VerifiedSession> = ok(SESSION)
  const { verifier } = setUp('on-use', { verifySession: async () => outcome })
  assert.equal(codeOf(await verifier.verify('pawl_at1.x')), 'ok')
  outcome = refuse('session_ended')
  assert.equal(codeOf(await verifier.verify('pawl_at1.x')), 'session_ended')
  outcome = refuse('unavailable')
  assert.equal(codeOf(await verifier.verify('pawl_at1.x')), 'unavailable')
})

test('a check at the store is not asked for what is not a token of ours', async () => {
  const { verifier, core } = setUp()
  assert.equal(codeOf(await verifier.verifyAtStore('garbage', {})), 'access_token_invalid')
  assert.equal(core.calls.filter(({ operation }) => operation === 'verifySession').length, 0)
  assert.equal(codeOf(await verifier.verifyAtStore(first.token(), {})), 'unavailable')
})

test('more tokens than the cache holds are all verified', async () => {
  const { verifier } = setUp()
  await verifier.verify(first.token())
  const tokens = Array.from({ length: 250 }, (_, index) => first.token({ sub: `user-${index}` }))
  for (const token of [...tokens, ...tokens]) {
    assert.equal(codeOf(await verifier.verify(token)), 'ok')
  }
})

test('a token that ends like one seen before is judged by its whole text', async () => {
  const { verifier } = setUp()
  const token = first.token()
  await verifier.verify(token)
  assert.equal(codeOf(await verifier.verify(token)), 'ok')
  const [header = '', , signature = ''] = token.split('.')
  const [, payload = ''] = first.token({ sub: 'bob' }).split('.')
  const forged = `${header}.${payload}.${signature}`
  assert.equal(codeOf(await verifier.verify(forged)), 'access_token_invalid')
  assert.equal(codeOf(await verifier.verify(`x${token}`)), 'access_token_invalid')
  assert.equal(codeOf(await verifier.verify(token)), 'ok')
})
