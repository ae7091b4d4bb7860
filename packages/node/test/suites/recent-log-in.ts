import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NewSession, type Pawl, PawlError } from '@pawl/node'
import { type Browser, REFRESH, sessionInfo } from '../support/browser.ts'
import type { OpenCore } from '../support/core-under-test.ts'
import { sessionOf, verdictOf, withScene } from '../support/open-pawl.ts'

const MINUTE_MS = 60_000
const RECENT = { maxAuthAgeSeconds: 600 }
const TOO_OLD = 'insufficient_user_authentication'

/** Routes that ask for a recent log-in, over any kind of core. */
export function describeRecentLogIn(name: string, open: OpenCore): void {
  const scene = (title: string, run: Parameters<typeof withScene>[1], options = {}) =>
    test(`${name}: ${title}`, () => withScene(open, run, options))

  for (const accessKind of ['jwt', 'opaque'] as const) {
    scene(
      `${accessKind}: a log-in is recent up to the age a route asks for, refreshes or not; then the user logs in again`,
      async ({ pawl, signIn, clock }) => {
        const authentication = { acr: 'low', amr: ['pwd'] }
        const alice = await signIn('alice', { accessKind, authentication, claims: { role: 'a' } })
        const states = () => statesOf(pawl, alice, RECENT)
        assert.deepEqual(await states(), ['session', 'session'])
        clock.advance(10 * MINUTE_MS)
        assert.deepEqual(await states(), ['session', 'session'])
        clock.advance(1_000)
        assert.deepEqual(await states(), [TOO_OLD, TOO_OLD])
        assert.equal((await alice.call(REFRESH)).status, 200)
        assert.deepEqual(await states(), [TOO_OLD, TOO_OLD])
        const { session, headers } = await sessionOf(pawl, alice.request('POST', '/log-in-again'))
        await session.reauthenticated({ acr: 'high' })
        alice.keep(headers)
        const claims = { role: 'a', auth_time: clock.now / 1000, acr: 'high' }
        assert.deepEqual(session.claims, claims)
        assert.deepEqual(await states(), ['session', 'session'])
        assert.equal((await alice.call(REFRESH)).status, 200)
        assert.deepEqual(await claimsOf(pawl, alice), claims)
        assert.deepEqual(await states(), ['session', 'session'])
      },
    )
  }

  scene('no log-in is recent of which nothing is told', async ({ pawl, signIn, browser }) => {
    const alice = await signIn('alice', { claims: { role: 'user' } })
    assert.deepEqual(await claimsOf(pawl, alice), { role: 'user' })
    assert.equal(await verdictOf(pawl, alice.request('GET', '/'), RECENT), TOO_OLD)
    const optional = { ...RECENT, optional: true }
    assert.equal(await verdictOf(pawl, alice.request('GET', '/'), optional), TOO_OLD)
    assert.equal(await verdictOf(pawl, browser.request('GET', '/'), optional), 'anonymous')
    assert.equal(await verdictOf(pawl, browser.request('GET', '/'), RECENT), 'no_session')
  })

  scene('the class of a log-in is asked for, too', async ({ pawl, signIn }) => {
    const asked = { acrValues: ['gold', 'silver'] }
    for (const [acr, verdict] of [
      ['silver', 'session'],
      ['bronze', TOO_OLD],
    ]) {
      const alice = await signIn('alice', { authentication: { acr } })
      assert.deepEqual(await statesOf(pawl, alice, asked), [verdict, verdict])
      const strict = await statesOf(pawl, alice, { ...asked, maxAuthAgeSeconds: 1 })
      assert.deepEqual(strict, [verdict, verdict])
    }
    assert.equal(await verdictOf(pawl, (await signIn()).request('GET', '/'), asked), TOO_OLD)
  })

  scene('claims are looked at first: no log-in helps who may not', async ({ pawl, signIn }) => {
    const alice = await signIn()
    const options = { ...RECENT, claims: () => false }
    assert.equal(await verdictOf(pawl, alice.request('GET', '/'), options), 'claim_refused')
  })

  scene('the refusal is a challenge that changes nothing', async ({ pawl, signIn }) => {
    const alice = await signIn('alice', { authentication: { timeSeconds: 0 } })
    const jar = new Map(alice.jar)
    const options = { ...RECENT, acrValues: ['gold', 'silver'] }
    const result = await pawl.guard(alice.request('POST', '/pay'), options)
    const { response } = result.kind === 'refused' ? result : assert.fail(result.kind)
    assert.equal(response.status, 401)
    assert.equal(response.headers.get('pawl-error'), TOO_OLD)
    assert.equal(response.headers.get('pawl-session'), null)
    assert.equal(
      response.headers.get('www-authenticate'),
      `Bearer error="${TOO_OLD}", max_age="600", acr_values="gold silver"`,
    )
    alice.keep(response.headers)
    assert.deepEqual(alice.jar, jar)
    const { code, remedy, maxAgeSeconds, acrValues } = await response.json()
    assert.deepEqual([code, remedy, maxAgeSeconds], [TOO_OLD, 'reauthenticate', 600])
    assert.deepEqual(acrValues, options.acrValues)
    assert.equal(await verdictOf(pawl, alice.request('POST', '/buy')), 'session')
  })

  scene('no change of claims touches what a log-in has told', async ({ pawl, signIn, clock }) => {
    const authentication = { acr: 'low', amr: ['pwd'] }
    const alice = await signIn('alice', { authentication, claims: { role: 'user' } })
    const told = { auth_time: clock.now / 1000, ...authentication }
    clock.advance(5_000)
    const { session, headers } = await sessionOf(pawl, alice.request('POST', '/'))
    await session.replaceClaims({ role: 'editor', auth_time: clock.now, acr: 'high' })
    assert.deepEqual(session.claims, { role: 'editor', ...told })
    alice.keep(headers)
    await session.replaceClaims({})
    assert.deepEqual(session.claims, told)
    const later = { ...told, role: 'admin', amr: ['hwk'] }
    assert.equal(await pawl.replaceClaims(session.handle, later), true)
    assert.equal((await alice.call(REFRESH)).status, 200)
    assert.deepEqual(await claimsOf(pawl, alice), { role: 'admin', ...told })
    const plain = await signIn('bob')
    const { handle } = (await sessionOf(pawl, plain.request('GET', '/'))).session
    assert.equal(await pawl.replaceClaims(handle, { auth_time: clock.now / 1000 }), true)
    assert.deepEqual((await pawl.getSession(handle))?.claims, {})
  })

  scene(
    'a request that began before the user logged in again does not take that back',
    async ({ pawl, signIn, clock }) => {
      const alice = await signIn('alice', { authentication: {} })
      const early = await sessionOf(pawl, alice.request('POST', '/slow'))
      clock.advance(MINUTE_MS)
      const { session } = await sessionOf(pawl, alice.request('POST', '/log-in-again'))
      await session.reauthenticated()
      await early.session.replaceClaims({ ...early.session.claims, seen: true })
      const claims = { seen: true, auth_time: clock.now / 1000 }
      assert.deepEqual(early.session.claims, claims)
      assert.deepEqual((await pawl.getSession(session.handle))?.claims, claims)
    },
  )

  scene('a log-in that cannot be starts no session and ends none', async (parts) => {
    const { pawl, signIn, clock } = parts
    const alice = await signIn('alice')
    const nowSeconds = clock.now / 1000
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{ timeSeconds: clock.now }, /timeSeconds: is to come/],
      [{ timeSeconds: nowSeconds + 61 }, /timeSeconds: is to come/],
      [{ timeSeconds: nowSeconds - 0.5 }, /timeSeconds: must be a whole number/],
      [{ timeSeconds: undefined }, /timeSeconds: must be a whole number/],
      [{ timeSeconds: -1 }, /timeSeconds: must be/],
      [{ time: 1, acr: '' }, /time: there is no such member; acr: must be/],
      [{ amr: 'pwd' }, /amr: must be a list/],
      [{ amr: Array(17).fill('pwd') }, /amr: must be a list/],
      [null, /must be an object/],
    ]
    for (const [authentication, fault] of wrong) {
      const refused = (error: unknown) =>
        error instanceof PawlError && error.code === 'invalid_request' && fault.test(error.message)
      const input = { userId: 'alice', authentication } as NewSession
      await assert.rejects(pawl.createSession(alice.request('POST', '/login'), input), refused)
      const { session } = await sessionOf(pawl, alice.request('POST', '/'))
      await assert.rejects(session.reauthenticated(authentication as object), refused)
    }
    const claims = { amr: ['hwk'] }
    await assert.rejects(
      pawl.createSession(alice.request('POST', '/login'), { userId: 'alice', claims }),
      (error) => error instanceof PawlError && error.code === 'claims_reserved',
    )
    assert.equal(await verdictOf(pawl, alice.request('GET', '/'), { checkStore: true }), 'session')
    assert.deepEqual(await claimsOf(pawl, alice), {})
  })

  scene(
    'the time that an identity provider told counts, and its clock may be a little ahead',
    async ({ pawl, signIn, clock }) => {
      const nowSeconds = clock.now / 1000
      const past = await signIn('alice', { authentication: { timeSeconds: nowSeconds - 601 } })
      assert.equal(await verdictOf(pawl, past.request('GET', '/'), RECENT), TOO_OLD)
      const ahead = await signIn('alice', { authentication: { timeSeconds: nowSeconds + 30 } })
      assert.deepEqual(await claimsOf(pawl, ahead), { auth_time: nowSeconds })
    },
  )

  scene(
    'the front end sees of a log-in what is public',
    async ({ pawl, browser, clock }) => {
      const made = await pawl.createSession(browser.request('POST', '/login'), {
        userId: 'alice',
        authentication: { amr: ['pwd'] },
      })
      assert.deepEqual(sessionInfo(made.headers).claims, { auth_time: clock.now / 1000 })
    },
    { publicClaims: ['auth_time'] },
  )
}

/** The verdict on two requests: one checked here, one at the store. */
async function statesOf(pawl: Pawl, browser: Browser, options: object): Promise<string[]> {
  return [
    await verdictOf(pawl, browser.request('GET', '/'), options),
    await verdictOf(pawl, browser.request('GET', '/'), { ...options, checkStore: true }),
  ]
}

async function claimsOf(pawl: Pawl, browser: Browser): Promise<unknown> {
  return (await sessionOf(pawl, browser.request('GET', '/'))).session.claims
}
