import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PawlError } from '@pawl/node'
import { REFRESH, SIGN_OUT, sessionInfo } from '../support/browser.ts'
import type { OpenCore } from '../support/core-under-test.ts'
import { sessionOf, verdictOf, withScene } from '../support/open-pawl.ts'

const AT = '__Host-pawl-at'
const RT = '__Host-pawl-rt'
const MINUTE_MS = 60_000

/** What every session goes through, over any kind of core. */
export function describeLife(name: string, open: OpenCore): void {
  const scene = (title: string, run: Parameters<typeof withScene>[1], options = {}) =>
    test(`${name}: ${title}`, () => withScene(open, run, options))

  scene(
    'a log-in sets two host cookies and tells the front end no secret',
    async ({ pawl, browser, told }) => {
      const request = browser.request('POST', '/login')
      const { session, headers } = await pawl.createSession(request, {
        userId: 'alice',
        claims: { role: 'admin', plan: 'gold' },
      })
      const lines = headers.getSetCookie()
      assert.equal(lines.length, 2)
      for (const line of lines) {
        assert.match(
          line,
          /^__Host-pawl-[ar]t=[\w.-]+; Max-Age=1209600; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
        )
      }
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(headers.get('vary'), 'Cookie, Authorization')
      const info = sessionInfo(headers)
      assert.equal(info.handle, session.handle)
      assert.equal(info.userId, 'alice')
      assert.equal(info.generation, 0)
      assert.deepEqual(info.claims, { plan: 'gold' })
      browser.keep(headers)
      const readable =
        [...headers].filter(([one]) => one !== 'set-cookie').join() + JSON.stringify(info)
      for (const secret of browser.jar.values()) {
        for (let from = 0; from + 24 <= secret.length; from += 8) {
          assert.ok(!readable.includes(secret.slice(from, from + 24)))
        }
      }
      assert.deepEqual(
        told.map(({ kind }) => kind),
        ['created'],
      )
    },
    { publicClaims: ['plan'] },
  )

  scene(
    'a request with the cookies is the user; one without is nobody',
    async ({ pawl, browser, signIn }) => {
      const alice = await signIn('alice', { tenant: 'default', claims: { role: 'admin' } })
      const { session, headers } = await sessionOf(pawl, alice.request('GET', '/me'))
      assert.equal(session.userId, 'alice')
      assert.deepEqual(session.claims, { role: 'admin' })
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(await verdictOf(pawl, browser.request('GET', '/me')), 'no_session')
      assert.equal(
        await verdictOf(pawl, browser.request('GET', '/me'), { optional: true }),
        'anonymous',
      )
      assert.equal(
        await verdictOf(pawl, alice.request('GET', '/me'), { optional: true }),
        'session',
      )
    },
  )

  scene(
    'credentials that are not good are refused even where none are needed',
    async ({ pawl, signIn, clock }) => {
      const alice = await signIn()
      clock.advance(16 * MINUTE_MS)
      assert.equal(
        await verdictOf(pawl, alice.request('GET', '/'), { optional: true }),
        'access_token_expired',
      )
      alice.jar.set(AT, 'garbage')
      assert.equal(
        await verdictOf(pawl, alice.request('GET', '/'), { optional: true }),
        'access_token_invalid',
      )
      alice.jar.delete(AT)
      assert.equal(
        await verdictOf(pawl, alice.request('GET', '/'), { optional: true }),
        'access_token_expired',
      )
    },
  )

  scene('claims are looked at on each request', async ({ pawl, signIn }) => {
    const alice = await signIn('alice', { claims: { role: 'user' } })
    const claims = (given: { readonly role?: unknown }) => given.role === 'admin'
    assert.equal(await verdictOf(pawl, alice.request('GET', '/'), { claims }), 'claim_refused')
    const result = await pawl.guard(alice.request('GET', '/'), { claims })
    assert.ok(result.kind === 'refused' && result.response.status === 403)
  })

  scene(
    'an expired access token is refreshed, and the pair is new',
    async ({ pawl, signIn, clock, told }) => {
      const alice = await signIn()
      const before = new Map(alice.jar)
      clock.advance(16 * MINUTE_MS)
      const refusal = await pawl.guard(alice.request('GET', '/me'))
      assert.ok(refusal.kind === 'refused')
      assert.equal(refusal.response.status, 401)
      assert.equal(refusal.response.headers.get('pawl-error'), 'access_token_expired')
      assert.match(refusal.response.headers.get('www-authenticate') ?? '', /^Bearer/)
      assert.deepEqual(refusal.response.headers.getSetCookie(), [])
      const response = await alice.call(REFRESH)
      assert.equal(response.status, 200)
      assert.equal(await response.text(), '{}')
      assert.equal(sessionInfo(response.headers).generation, 1)
      assert.notEqual(alice.jar.get(AT), before.get(AT))
      assert.notEqual(alice.jar.get(RT), before.get(RT))
      assert.equal(await verdictOf(pawl, alice.request('GET', '/me')), 'session')
      const refreshed = told.find(({ kind }) => kind === 'refreshed')
      assert.ok(refreshed?.kind === 'refreshed' && refreshed.rule === 'current')
    },
  )

  scene(
    'a stolen refresh token ends the session, on this driver at once',
    async ({ pawl, signIn, clock, told }) => {
      const alice = await signIn()
      const thief = new Map(alice.jar)
      for (let round = 0; round < 2; round += 1) {
        clock.advance(16 * MINUTE_MS)
        assert.equal((await alice.call(REFRESH)).status, 200)
      }
      clock.advance(16 * MINUTE_MS)
      const cookie = `${RT}=${thief.get(RT)}`
      const caught = await pawl.handler(alice.request('POST', REFRESH, { cookie }))
      assert.equal(caught?.status, 401)
      assert.equal(caught?.headers.get('pawl-error'), 'token_theft')
      assert.equal(caught?.headers.get('pawl-session'), 'none')
      assert.equal(caught?.headers.getSetCookie().length, 2)
      const kinds = told.map(({ kind }) => kind)
      assert.deepEqual(kinds.slice(-2), ['theft', 'ended'])
      const victim = await alice.call(REFRESH)
      assert.equal(victim.headers.get('pawl-error'), 'session_ended')
      assert.equal((await victim.json()).reason, 'theft')
      assert.equal(alice.jar.size, 0)
      assert.equal(told.filter(({ kind }) => kind === 'ended').length, 1)
    },
  )

  scene(
    'after a theft the access token is refused here before it expires',
    async ({ pawl, signIn, clock }) => {
      const alice = await signIn()
      const root = alice.jar.get(RT)
      for (let round = 0; round < 2; round += 1) {
        clock.advance(16 * MINUTE_MS)
        await alice.call(REFRESH)
      }
      clock.advance(2 * MINUTE_MS)
      assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session')
      await pawl.handler(alice.request('POST', REFRESH, { cookie: `${RT}=${root}` }))
      assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session_ended')
    },
  )

  scene(
    'sign-out works with an expired access token, and twice',
    async ({ pawl, signIn, clock, told }) => {
      const alice = await signIn()
      const jar = new Map(alice.jar)
      clock.advance(16 * MINUTE_MS)
      const response = await alice.call(SIGN_OUT)
      assert.equal(response.status, 200)
      assert.equal(response.headers.get('pawl-session'), 'none')
      assert.equal(alice.jar.size, 0)
      assert.equal((await alice.call(SIGN_OUT)).status, 200)
      for (const [key, value] of jar) alice.jar.set(key, value)
      assert.equal((await alice.call(SIGN_OUT)).status, 200)
      for (const [key, value] of jar) alice.jar.set(key, value)
      assert.equal((await alice.call(REFRESH)).headers.get('pawl-error'), 'session_ended')
      assert.equal(told.filter(({ kind }) => kind === 'ended').length, 1)
      assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'no_session')
    },
  )

  scene(
    'a refresh without a token, or with garbage, is a plain 401',
    async ({ browser, events }) => {
      const nothing = await browser.call(REFRESH)
      assert.equal(nothing.headers.get('pawl-error'), 'no_session')
      assert.equal(nothing.headers.get('pawl-session'), 'none')
      assert.deepEqual(nothing.headers.getSetCookie(), [])
      for (const text of ['x', 'pawl_rt1.a.b.c', `pawl_rt1.${'x'.repeat(9000)}`, '%0d%0a', '"']) {
        browser.jar.set(RT, text)
        const response = await browser.call(REFRESH)
        assert.equal(response.status, 401)
        assert.equal(response.headers.get('pawl-error'), 'refresh_token_invalid')
      }
      assert.equal(events.length, 0)
    },
  )

  scene('new claims reach the front end with the same response', async ({ pawl, signIn }) => {
    const alice = await signIn('alice', { claims: { role: 'user' } })
    const { session, headers } = await sessionOf(pawl, alice.request('POST', '/upgrade'))
    await session.replaceClaims({ role: 'admin' })
    assert.deepEqual(session.claims, { role: 'admin' })
    assert.equal(headers.getSetCookie().length, 1)
    assert.equal(sessionInfo(headers).generation, 0)
    alice.keep(headers)
    const next = await sessionOf(pawl, alice.request('GET', '/'))
    assert.deepEqual(next.session.claims, { role: 'admin' })
    assert.equal((await alice.call(REFRESH)).status, 200)
    assert.deepEqual((await sessionOf(pawl, alice.request('GET', '/'))).session.claims, {
      role: 'admin',
    })
  })

  scene(
    'claims that are reserved or do not fit change nothing',
    async ({ pawl, signIn, browser }) => {
      const alice = await signIn('alice', { claims: { role: 'user' } })
      const { session, headers } = await sessionOf(pawl, alice.request('POST', '/'))
      const codeOf = (error: unknown) => error instanceof PawlError && error.code
      for (const claims of [
        { sub: 'mallory' },
        { sid: 'x' },
        { exp: 9e9 },
        { big: 'x'.repeat(9000) },
      ]) {
        await assert.rejects(session.replaceClaims(claims), (error) => {
          assert.ok(
            ['claims_reserved', 'token_too_large', 'invalid_request'].includes(
              String(codeOf(error)),
            ),
          )
          return true
        })
        await assert.rejects(
          pawl.createSession(browser.request('POST', '/login'), { userId: 'a', claims }),
        )
      }
      assert.deepEqual(headers.getSetCookie(), [])
      assert.deepEqual(session.claims, { role: 'user' })
    },
  )

  scene('data stays at the back end', async ({ pawl, signIn }) => {
    const alice = await signIn('alice', { data: { cart: [1] } })
    const { session, headers } = await sessionOf(pawl, alice.request('GET', '/'))
    assert.deepEqual(await session.getData(), { cart: [1] })
    await session.replaceData({ cart: [1, 2] })
    assert.deepEqual(await session.getData(), { cart: [1, 2] })
    assert.deepEqual(headers.getSetCookie(), [])
  })

  scene('sessions are listed and ended: one, the others, all', async ({ pawl, signIn, told }) => {
    const [first, second, third] = [await signIn(), await signIn(), await signIn()]
    const bob = await signIn('bob')
    const { sessions } = await pawl.listSessions('alice')
    assert.equal(sessions.length, 3)
    assert.ok(!/pawl_|eyJ/.test(JSON.stringify(sessions)))
    const verdicts = async () => [
      await verdictOf(pawl, first.request('GET', '/')),
      await verdictOf(pawl, second.request('GET', '/')),
      await verdictOf(pawl, third.request('GET', '/')),
    ]
    const gone = sessions[0]?.handle ?? ''
    assert.equal(await pawl.revokeSession(gone), true)
    assert.equal(await pawl.revokeSession(gone), false)
    assert.equal((await verdicts()).filter((one) => one === 'session_ended').length, 1)
    const survivor = (await verdicts())[2] === 'session' ? third : second
    const { session } = await sessionOf(pawl, survivor.request('GET', '/'))
    assert.equal((await session.revokeOthers()).length, 1)
    assert.equal((await verdicts()).filter((one) => one === 'session').length, 1)
    assert.equal((await pawl.revokeOthers('alice', session.handle)).length, 0)
    assert.equal((await pawl.revokeAll('alice')).length, 1)
    assert.equal((await verdicts()).filter((one) => one === 'session').length, 0)
    assert.equal(await verdictOf(pawl, bob.request('GET', '/')), 'session')
    assert.equal(told.filter(({ kind }) => kind === 'ended').length, 3)
  })

  scene('a session that ends itself takes its cookies back', async ({ pawl, signIn }) => {
    const alice = await signIn()
    const { session, headers } = await sessionOf(pawl, alice.request('POST', '/leave'))
    await session.revoke()
    alice.keep(headers)
    assert.equal(alice.jar.size, 0)
    assert.equal(headers.get('pawl-session'), 'none')
  })

  scene(
    'the first settled use of a grant is confirmed in the background',
    async ({ pawl, signIn, clock, events }) => {
      const alice = await signIn()
      await alice.call(REFRESH)
      assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session')
      clock.advance(3 * MINUTE_MS)
      for (let round = 0; round < 5; round += 1) {
        assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session')
      }
      assert.ok(!events.some(({ kind }) => kind === 'confirmed'))
      await pawl.close()
      assert.equal(events.filter(({ kind }) => kind === 'confirmed').length, 1)
    },
  )

  scene('an opaque access token is no different to the app', async ({ pawl, signIn, clock }) => {
    const alice = await signIn('alice', { accessKind: 'opaque', claims: { role: 'user' } })
    assert.match(alice.jar.get(AT) ?? '', /^pawl_at1\./)
    const { session, headers } = await sessionOf(pawl, alice.request('POST', '/'))
    assert.deepEqual(session.claims, { role: 'user' })
    await session.replaceClaims({ role: 'admin' })
    alice.keep(headers)
    const next = await sessionOf(pawl, alice.request('GET', '/'))
    assert.deepEqual(next.session.claims, { role: 'admin' })
    clock.advance(16 * MINUTE_MS)
    assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'access_token_expired')
    assert.equal((await alice.call(REFRESH)).status, 200)
    assert.match(alice.jar.get(AT) ?? '', /^pawl_at1\./)
    await pawl.revokeSession(session.handle)
    assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session_ended')
    const again = await signIn('alice', { accessKind: 'opaque' })
    again.keep(
      (await pawl.createSession(again.request('POST', '/login'), { userId: 'bob' })).headers,
    )
    assert.equal((await sessionOf(pawl, again.request('GET', '/'))).session.userId, 'bob')
  })
}
