import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPawl, PawlError, type RequestLike } from '@pawl/node'
import { browser as newBrowser, REFRESH, SIGN_OUT } from '../support/browser.ts'
import type { OpenCore } from '../support/core-under-test.ts'
import { sessionOf, verdictOf, withScene } from '../support/open-pawl.ts'

const AT = '__Host-pawl-at'
const RT = '__Host-pawl-rt'
const MINUTE_MS = 60_000
const FOREIGN = [
  { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site', origin: 'https://evil.example.com' },
  { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': '', origin: 'null' },
  { 'sec-fetch-site': '' },
]

/** What attackers and strange clients do, over any kind of core. */
export function describeHostile(name: string, open: OpenCore): void {
  const scene = (title: string, run: Parameters<typeof withScene>[1], options = {}) =>
    test(`${name}: ${title}`, () => withScene(open, run, options))

  scene(
    'a forged refresh or sign-out is a 403: no cookie changes, nothing rotates',
    async ({ pawl, signIn, events }) => {
      const alice = await signIn()
      const before = events.length
      for (const headers of FOREIGN) {
        for (const path of [REFRESH, SIGN_OUT]) {
          const response = await pawl.handler(alice.request('POST', path, headers))
          assert.equal(response?.status, 403)
          assert.equal(response?.headers.get('pawl-error'), 'csrf_refused')
          assert.deepEqual(response?.headers.getSetCookie(), [])
          assert.equal(response?.headers.get('pawl-session'), null)
        }
      }
      assert.equal(events.length, before)
      assert.equal((await alice.call(REFRESH)).status, 200)
    },
  )

  scene(
    'a forged write to the app is a 403; a link from elsewhere still opens',
    async ({ pawl, signIn }) => {
      const alice = await signIn()
      for (const headers of FOREIGN) {
        for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
          const request = alice.request(method, '/transfer', headers)
          assert.equal(await verdictOf(pawl, request), 'csrf_refused')
          assert.equal(await verdictOf(pawl, request, { optional: true }), 'csrf_refused')
          assert.equal(await verdictOf(pawl, request, { csrf: 'dangerously-off' }), 'session')
        }
        assert.equal(await verdictOf(pawl, alice.request('GET', '/', headers)), 'session')
        const socket = asUpgrade(alice.request('GET', '/socket', headers))
        assert.equal(await verdictOf(pawl, socket), 'csrf_refused')
      }
      const opened = asUpgrade(alice.request('GET', '/socket'))
      assert.equal(await verdictOf(pawl, opened), 'session')
      const strict = { csrf: 'origin-and-header' } as const
      assert.equal(await verdictOf(pawl, alice.request('POST', '/'), strict), 'csrf_refused')
      const withHeader = alice.request('POST', '/', { 'pawl-transport': 'cookie' })
      assert.equal(await verdictOf(pawl, withHeader, strict), 'session')
    },
  )

  scene(
    'the check cannot be turned off for a route if cookies are for other sites',
    async ({ pawl, signIn }) => {
      const alice = await signIn()
      const request = alice.request('POST', '/', { 'sec-fetch-site': 'cross-site' })
      await assert.rejects(async () => pawl.guard(request, { csrf: 'dangerously-off' }), TypeError)
    },
    { cookies: { sameSite: 'none' } },
  )

  scene(
    'a forged log-in is refused before anybody is logged in',
    async ({ pawl, browser, events }) => {
      for (const headers of FOREIGN) {
        await assert.rejects(
          pawl.createSession(browser.request('POST', '/login', headers), { userId: 'mallory' }),
          (error) =>
            error instanceof PawlError && error.code === 'csrf_refused' && error.status === 403,
        )
      }
      assert.equal(events.length, 0)
    },
  )

  scene(
    'a planted session ends when its bearer logs in, and is never adopted',
    async ({ pawl, signIn, browser, events }) => {
      const mallory = await signIn('mallory')
      for (const [key, value] of mallory.jar) browser.jar.set(key, value)
      const { session, headers } = await pawl.createSession(browser.request('POST', '/login'), {
        userId: 'alice',
      })
      browser.keep(headers)
      assert.notEqual(browser.jar.get(RT), mallory.jar.get(RT))
      assert.equal(await verdictOf(pawl, mallory.request('GET', '/')), 'session_ended')
      assert.equal((await mallory.call(REFRESH)).headers.get('pawl-error'), 'session_ended')
      assert.equal(
        (await sessionOf(pawl, browser.request('GET', '/'))).session.handle,
        session.handle,
      )
      assert.equal(events.filter(({ kind }) => kind === 'ended').length, 1)
    },
  )

  scene('made-up or half credentials at log-in are replaced', async ({ pawl, signIn }) => {
    const planted: readonly (readonly [string, string | undefined][])[] = [
      [
        [AT, 'made-up'],
        [RT, 'made-up'],
      ],
      [[AT, undefined]],
      [[RT, undefined]],
      [[AT, 'garbage']],
      [[RT, 'pawl_rt1.aaaaaaaa.bbbb.cccccc']],
    ]
    for (const changes of planted) {
      const victim = await signIn('mallory')
      const mallory = new Map(victim.jar)
      for (const [key, value] of changes) {
        if (value === undefined) victim.jar.delete(key)
        else victim.jar.set(key, value)
      }
      const { headers } = await pawl.createSession(victim.request('POST', '/login'), {
        userId: 'alice',
      })
      victim.keep(headers)
      assert.equal((await sessionOf(pawl, victim.request('GET', '/'))).session.userId, 'alice')
      assert.notEqual(victim.jar.get(AT), mallory.get(AT))
    }
  })

  scene(
    'no answer that depends on a session may be cached',
    async ({ pawl, signIn, browser, clock }) => {
      const alice = await signIn()
      const responses: (Response | { headers: Headers } | undefined)[] = [
        await sessionOf(pawl, alice.request('GET', '/profile/x.css')),
        await pawl.handler(alice.request('POST', REFRESH)),
        await pawl.handler(alice.request('POST', SIGN_OUT)),
        await pawl.handler(browser.request('POST', REFRESH)),
        await pawl.handler(browser.request('GET', REFRESH)),
        await pawl.handler(browser.request('POST', REFRESH, { 'sec-fetch-site': 'cross-site' })),
      ]
      const anonymous = await pawl.guard(browser.request('GET', '/'), { optional: true })
      const nobody = await pawl.guard(browser.request('GET', '/'))
      clock.advance(16 * MINUTE_MS)
      const expired = await pawl.guard(alice.request('GET', '/'))
      for (const result of [anonymous, nobody, expired]) {
        responses.push(result.kind === 'refused' ? result.response : result)
      }
      for (const response of responses) {
        assert.equal(response?.headers.get('cache-control'), 'no-store')
        assert.match(response?.headers.get('vary') ?? '', /Cookie, Authorization/)
      }
    },
  )

  scene(
    'our own routes answer POST alone, with the headers that belong there',
    async ({ pawl, browser, signIn, events }) => {
      const alice = await signIn()
      const before = events.length
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
        for (const path of [REFRESH, SIGN_OUT]) {
          const response = await pawl.handler(alice.request(method, path))
          assert.equal(response?.status, 405)
          assert.equal(response?.headers.get('allow'), 'POST, OPTIONS')
          assert.equal(response?.headers.get('x-content-type-options'), 'nosniff')
          assert.equal(response?.headers.get('referrer-policy'), 'no-referrer')
          assert.equal(response?.headers.get('cross-origin-resource-policy'), 'same-origin')
          assert.match(
            response?.headers.get('content-type') ?? '',
            /^application\/problem\+json; charset/,
          )
        }
      }
      assert.equal(events.length, before)
      for (const path of [
        '/',
        '/auth/session',
        '/auth/session/',
        `${REFRESH}/`,
        `${REFRESH}x`,
        '/auth/session/__proto__',
        '/x/auth/session/refresh',
      ]) {
        assert.equal(pawl.handler(browser.request('POST', path)), undefined, path)
      }
      assert.equal((await pawl.handler(alice.request('POST', `${REFRESH}?x=1`)))?.status, 200)
    },
  )

  scene(
    'a front end on another origin gets CORS on our routes; nobody else does',
    async ({ pawl, signIn }) => {
      const alice = await signIn()
      const spa = { origin: 'https://spa.example.com', 'sec-fetch-site': 'same-site' }
      const preflight = await pawl.handler(
        alice.request('OPTIONS', REFRESH, { ...spa, 'access-control-request-method': 'POST' }),
      )
      assert.equal(preflight?.status, 204)
      const response = await pawl.handler(alice.request('POST', REFRESH, spa))
      assert.equal(response?.status, 200)
      assert.equal(response?.headers.get('access-control-allow-origin'), spa.origin)
      assert.match(response?.headers.get('vary') ?? '', /Origin/)
      const evil = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }
      const refused = await pawl.handler(alice.request('POST', REFRESH, evil))
      assert.equal(refused?.headers.get('access-control-allow-origin'), null)
    },
  )

  scene(
    'a front end on another origin can read why a guard refused it; nobody else can',
    async ({ pawl, browser }) => {
      for (const [origin, allowed] of [
        ['https://spa.example.com', 'https://spa.example.com'],
        ['https://evil.test', null],
      ] as const) {
        const asked = { origin, 'sec-fetch-site': 'same-site' }
        const result = await pawl.guard(browser.request('GET', '/me', asked))
        assert.ok(result.kind === 'refused')
        const { headers } = result.response
        assert.equal(headers.get('pawl-error'), 'no_session')
        assert.equal(headers.get('access-control-allow-origin'), allowed)
        assert.match(headers.get('vary') ?? '', /Cookie, Authorization, Origin/)
        assert.equal(headers.get('access-control-expose-headers') === null, allowed === null)
      }
    },
  )

  scene(
    'header transport hands tokens over in headers and needs no CSRF check',
    async ({ pawl, events, clock }) => {
      const app = (method: string, path: string, headers: Record<string, string>) =>
        new Request(`https://api.example.com${path}`, { method, headers })
      const { headers } = await pawl.createSession(
        app('POST', '/login', { 'pawl-transport': 'header' }),
        { userId: 'alice' },
      )
      assert.deepEqual(headers.getSetCookie(), [])
      const access = headers.get('pawl-access-token') ?? ''
      const refresh = headers.get('pawl-refresh-token') ?? ''
      const bearer = { authorization: `Bearer ${access}`, 'sec-fetch-site': 'cross-site' }
      assert.equal(await verdictOf(pawl, app('POST', '/', bearer)), 'session')
      const { session, headers: more } = await sessionOf(pawl, app('POST', '/', bearer))
      await session.replaceClaims({ a: 1 })
      assert.ok(more.get('pawl-access-token'))
      assert.deepEqual(more.getSetCookie(), [])
      clock.advance(16 * MINUTE_MS)
      const response = await pawl.handler(app('POST', REFRESH, { 'pawl-refresh-token': refresh }))
      assert.equal(response?.status, 200)
      assert.ok(response?.headers.get('pawl-refresh-token')?.startsWith('pawl_rt1.'))
      assert.deepEqual(response?.headers.getSetCookie(), [])
      const out = await pawl.handler(app('POST', SIGN_OUT, { 'pawl-refresh-token': refresh }))
      assert.equal(out?.status, 200)
      assert.equal(events.at(-1)?.kind, 'ended')
    },
    { transport: 'both' },
  )

  scene(
    'a request with both transports is one of them, never a mix',
    async ({ pawl, signIn, browser }) => {
      const alice = await signIn('alice')
      const bobJar = (await signIn('bob')).jar
      const who = async (headers: Record<string, string>) => {
        const result = await pawl.guard(alice.request('GET', '/', headers))
        return result.kind === 'session'
          ? result.session.userId
          : result.kind === 'refused'
            ? result.refusal.code
            : 'anonymous'
      }
      assert.equal(await who({}), 'alice')
      assert.equal(await who({ authorization: `Bearer ${bobJar.get(AT)}` }), 'bob')
      assert.equal(await who({ authorization: `bearer ${bobJar.get(AT)}` }), 'bob')
      assert.equal(await who({ authorization: 'Bearer garbage' }), 'access_token_invalid')
      assert.equal(await who({ 'pawl-transport': 'header' }), 'no_session')
      assert.equal(await who({ authorization: 'Basic YTpi' }), 'alice')
      const mixed = await pawl.handler(
        alice.request('POST', REFRESH, { authorization: `Bearer ${bobJar.get(AT)}` }),
      )
      assert.equal(mixed?.headers.get('pawl-error'), 'no_session')
      assert.deepEqual(mixed?.headers.getSetCookie(), [])
      assert.equal(await verdictOf(pawl, browser.request('GET', '/')), 'no_session')
    },
    { transport: 'both' },
  )

  scene(
    'with cookies alone, Authorization belongs to somebody else',
    async ({ pawl, signIn, browser }) => {
      const alice = await signIn()
      const authorization = `Bearer ${alice.jar.get(AT)}`
      assert.equal(
        await verdictOf(pawl, browser.request('GET', '/', { authorization })),
        'no_session',
      )
      assert.equal(
        await verdictOf(pawl, alice.request('GET', '/', { authorization: 'Bearer x' })),
        'session',
      )
    },
  )

  scene(
    'duplicate cookies of one session are that session, in either order',
    async ({ pawl, signIn, clock }) => {
      const alice = await signIn()
      const old = new Map(alice.jar)
      await alice.call(REFRESH)
      const pairs = (key: string, ...jars: Map<string, string>[]) =>
        jars.map((jar) => `${key}=${jar.get(key)}`).join('; ')
      for (const jars of [
        [old, alice.jar],
        [alice.jar, old],
      ]) {
        const cookie = pairs(AT, ...jars)
        assert.equal(await verdictOf(pawl, alice.request('GET', '/', { cookie })), 'session')
        assert.equal(
          await verdictOf(pawl, alice.request('GET', '/', { cookie: `${cookie}; ${AT}=junk` })),
          'session',
        )
      }
      clock.advance(16 * MINUTE_MS)
      for (const jars of [
        [old, alice.jar],
        [alice.jar, old],
      ]) {
        const response = await pawl.handler(
          alice.request('POST', REFRESH, { cookie: pairs(RT, ...jars) }),
        )
        assert.equal(response?.status, 200)
      }
    },
  )

  scene(
    'duplicate cookies of two sessions are nobody: one of them was tossed in',
    async ({ pawl, signIn }) => {
      const alice = await signIn('alice')
      const mallory = await signIn('mallory')
      for (const jars of [
        [alice, mallory],
        [mallory, alice],
      ]) {
        const cookie = jars.map(({ jar }) => `${AT}=${jar.get(AT)}`).join('; ')
        assert.equal(
          await verdictOf(pawl, alice.request('GET', '/', { cookie })),
          'access_token_invalid',
        )
      }
    },
  )

  scene('the store is asked only where a route wants it', async ({ pawl, signIn, core, clock }) => {
    const alice = await signIn()
    const elsewhere = createPawl({ core, clock: clock.nowMs, onFault: () => {} })
    const { session } = await sessionOf(pawl, alice.request('GET', '/'))
    assert.equal(await verdictOf(pawl, alice.request('GET', '/'), { checkStore: true }), 'session')
    await elsewhere.revokeSession(session.handle)
    assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session')
    assert.equal(
      await verdictOf(pawl, alice.request('GET', '/'), { checkStore: true }),
      'session_ended',
    )
    await elsewhere.close()
  })

  scene(
    'what is known elsewhere of revoked sessions counts at once',
    async ({ core, clock, signIn }) => {
      const revoked = new Set<string>()
      let generation = 0
      const pawl = createPawl({
        core,
        clock: clock.nowMs,
        revocations: {
          get generation() {
            return generation
          },
          isRevoked: (session) => revoked.has(session.userId),
        },
      })
      const alice = await signIn()
      assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session')
      revoked.add('alice')
      generation += 1
      assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session_ended')
      await pawl.close()
    },
  )

  scene(
    'an identity comes from tokens alone: handles and extra fields are nothing',
    async ({ pawl, signIn, told }) => {
      const alice = await signIn()
      const { session } = await sessionOf(pawl, alice.request('GET', '/'))
      const bare = newBrowser(pawl)
      for (const key of [AT, RT]) {
        bare.jar.set(key, session.handle)
        assert.notEqual(await verdictOf(pawl, bare.request('GET', '/')), 'session')
        assert.equal((await bare.call(REFRESH)).status, 401)
        bare.jar.clear()
      }
      const headers = {
        'content-type': 'application/json',
        cookie: `${RT}=${alice.jar.get(RT)}`,
        'sec-fetch-site': 'same-origin',
      }
      const body = JSON.stringify({ userId: 'root', tenant: 'x', claims: { admin: true } })
      const response = await pawl.handler(
        new Request(`https://app.example.com${REFRESH}`, { method: 'POST', headers, body }),
      )
      assert.equal(response?.status, 200)
      assert.ok(told.every((event) => event.kind === 'ended' || event.userId === 'alice'))
    },
  )
}

/** The request as the opening of a WebSocket (a `Request` of fetch may not say so). */
function asUpgrade(request: Request): RequestLike {
  const { method, url, headers } = request
  const get = (name: string) => (name === 'upgrade' ? 'websocket' : headers.get(name))
  return { method, url, headers: { get } }
}
