import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type TestContext, test } from 'node:test'
import { createPawl, EXPOSED_HEADERS, type Pawl, PawlError } from '@pawl/node'
import { pawlErrors, pawlExpress, requireSession } from '@pawl/node/express'
import { refuse } from '@pawl/protocol'
import express5, { type Response as ExpressResponse, type Request } from 'express'
import express4 from 'express4'
import { openEmbedded } from '../support/core-under-test.ts'
import { fakeCore } from '../support/fake-core.ts'
import { listen } from '../support/listen.ts'

const SPA = 'http://localhost:5173'
const SAME = { 'sec-fetch-site': 'same-origin' }

const LINES = { 'Express 5': express5, 'Express 4': express4 } as const
type Framework = (typeof LINES)[keyof typeof LINES]

/** Express 4 does not wait for a route: what it rejects with is handed on here. */
function waited(route: (request: Request, response: ExpressResponse) => Promise<void>) {
  const handler: express5.RequestHandler = (request, response, next) => {
    route(request, response).catch(next)
  }
  return handler
}

function makeApp(pawl: Pawl, express: Framework) {
  const app = express()
  app.set('trust proxy', 1)
  app.use((_request, response, next) => {
    response.setHeader('Vary', 'Accept-Encoding')
    response.append('Set-Cookie', 'theme=dark; Path=/')
    response.setHeader('Access-Control-Expose-Headers', 'X-Total, Pawl-Error')
    next()
  })
  app.use(pawlExpress(pawl))
  app.post(
    '/login',
    waited(async (request, response) => {
      const session = await request.pawl.createSession({
        userId: 'alice',
        claims: { role: 'user' },
        ...(request.headers['x-tells-log-in'] === undefined ? {} : { authentication: {} }),
      })
      response.json({ handle: session.handle })
    }),
  )
  app.get('/me', requireSession(), (request, response) => {
    response.json({ userId: request.pawl.session.userId, claims: request.pawl.session.claims })
  })
  app.get('/maybe', requireSession({ optional: true }), (request, response) => {
    response.json({ userId: request.pawl.sessionIfAny?.userId ?? null })
  })
  app.post(
    '/upgrade',
    requireSession({ checkStore: true }),
    waited(async (request, response) => {
      await request.pawl.session.replaceClaims({ role: 'admin' })
      response.json({})
    }),
  )
  app.post(
    '/late',
    requireSession(),
    waited(async (request, response) => {
      response.json({})
      await assert.rejects(
        request.pawl.session.replaceClaims({ role: 'late' }),
        /headers have left/,
      )
      await assert.rejects(request.pawl.createSession({ userId: 'late' }), /headers have left/)
    }),
  )
  app.get('/unguarded', (request, response) => {
    response.json({ userId: request.pawl.session.userId })
  })
  addRecentRoutes(app)
  addFailingRoutes(app)
  const router = express.Router()
  router.get('/deep', requireSession(), (request, response) => {
    response.json({ userId: request.pawl.session.userId })
  })
  app.use('/nested', router)
  app.use(pawlErrors())
  app.use(((_error, _request, response, _next) => {
    response.status(500).json({ own: true })
  }) satisfies express5.ErrorRequestHandler)
  return app
}

/** A route that wants a recent log-in, and the one by which the user logs in again. */
function addRecentRoutes(app: express5.Express): void {
  app.post('/email', requireSession({ maxAuthAgeSeconds: 600 }), (_request, response) => {
    response.json({})
  })
  app.post(
    '/log-in-again',
    requireSession(),
    waited(async (request, response) => {
      await request.pawl.session.reauthenticated({ amr: ['pwd'] })
      response.json({ amr: request.pawl.session.claims.amr })
    }),
  )
}

/** Routes whose calls of a session come to nothing. */
function addFailingRoutes(app: express5.Express): void {
  app.post(
    '/buy',
    requireSession(),
    waited(async () => {
      throw new PawlError(refuse('access_token_invalid'), { isRepeatable: false })
    }),
  )
  app.post(
    '/timed-out',
    waited(async (request, response) => {
      const started = request.pawl.createSession({ userId: 'nobody' })
      response.status(503).end('too late')
      await started
    }),
  )
}

async function setUp(context: TestContext, name: keyof typeof LINES) {
  const under = await openEmbedded()
  const addresses: (string | undefined)[] = []
  const core = typeof under.core === 'string' ? assert.fail() : under.core
  const watched = {
    ...core,
    refreshSession: (request: Parameters<typeof core.refreshSession>[0]) => {
      addresses.push(request.clientAddress)
      return core.refreshSession(request)
    },
  }
  const pawl = createPawl({
    core: watched,
    clock: under.clock.nowMs,
    origins: [SPA],
    onFault: () => {},
  })
  const app = makeApp(pawl, LINES[name])
  const base = await listen(context, createServer(app), [pawl, under])
  const call = (method: string, path: string, headers: Record<string, string> = SAME) =>
    fetch(base + path, { method, headers })
  const cookiesOf = (response: Response) =>
    response.headers
      .getSetCookie()
      .map((line) => line.slice(0, line.indexOf(';')))
      .join('; ')
  return { call, cookiesOf, addresses, clock: under.clock, pawl, under }
}

for (const name of ['Express 5', 'Express 4'] as const) {
  test(`${name}: log in, be known, upgrade, refresh, sign out; other cookies and Vary are kept`, async (context) => {
    const { call, cookiesOf } = await setUp(context, name)
    const login = await call('POST', '/login')
    assert.equal(login.status, 200)
    assert.equal(login.headers.getSetCookie().length, 3)
    assert.ok(login.headers.getSetCookie().includes('theme=dark; Path=/'))
    assert.equal(login.headers.get('cache-control'), 'no-store')
    const vary = login.headers.get('vary')?.split(', ') ?? []
    for (const one of ['Accept-Encoding', 'Cookie', 'Authorization', 'Origin']) {
      assert.equal(vary.filter((name) => name === one).length, 1, one)
    }
    const cookie = cookiesOf(login)
    const me = await call('GET', '/me', { cookie })
    assert.deepEqual(await me.json(), { userId: 'alice', claims: { role: 'user' } })
    assert.equal(me.headers.get('cache-control'), 'no-store')
    assert.equal((await call('GET', '/nested/deep', { cookie })).status, 200)
    const upgrade = await call('POST', '/upgrade', { ...SAME, cookie })
    assert.equal(upgrade.status, 200)
    const upgraded = await call('GET', '/me', { cookie: cookiesOf(upgrade) })
    assert.deepEqual((await upgraded.json()).claims, { role: 'admin' })
    const refresh = await call('POST', '/auth/session/refresh', { ...SAME, cookie })
    assert.equal(refresh.status, 200)
    assert.ok(refresh.headers.getSetCookie().includes('theme=dark; Path=/'))
    const out = await call('POST', '/auth/session/sign-out', {
      ...SAME,
      cookie: cookiesOf(refresh),
    })
    assert.equal(out.status, 200)
    assert.equal((await call('GET', '/me', { cookie })).status, 401)
  })

  test(`${name}: refusals are problem documents with the right status`, async (context) => {
    const { call, cookiesOf } = await setUp(context, name)
    const nobody = await call('GET', '/me')
    assert.equal(nobody.status, 401)
    assert.match(nobody.headers.get('content-type') ?? '', /^application\/problem\+json/)
    assert.equal((await nobody.json()).code, 'no_session')
    assert.deepEqual(await (await call('GET', '/maybe')).json(), { userId: null })
    const forged = await call('POST', '/login', { 'sec-fetch-site': 'cross-site' })
    assert.equal(forged.status, 403)
    assert.equal((await forged.json()).code, 'csrf_refused')
    const cookie = cookiesOf(await call('POST', '/login'))
    assert.deepEqual(await (await call('GET', '/maybe', { cookie })).json(), { userId: 'alice' })
    assert.equal((await call('POST', '/upgrade', { cookie })).status, 403)
    assert.equal((await call('POST', '/late', { ...SAME, cookie })).status, 200)
    const unguarded = await call('GET', '/unguarded', { cookie })
    assert.deepEqual(await unguarded.json(), { own: true })
  })

  test(`${name}: what a call of the route itself is refused does not make the front end repeat it`, async (context) => {
    const { call, cookiesOf } = await setUp(context, name)
    const cookie = cookiesOf(await call('POST', '/login'))
    const bought = await call('POST', '/buy', { ...SAME, cookie })
    assert.equal(bought.status, 401)
    assert.equal(bought.headers.get('pawl-error'), null)
    assert.equal((await bought.json()).code, 'access_token_invalid')
    const guarded = await call('POST', '/buy', { ...SAME, cookie: '__Host-pawl-at=bad' })
    assert.equal(guarded.headers.get('pawl-error'), 'access_token_invalid')
  })

  test(`${name}: a route may ask for a recent log-in`, async (context) => {
    const { call, cookiesOf, clock } = await setUp(context, name)
    const login = await call('POST', '/login', { ...SAME, 'x-tells-log-in': '1' })
    const cookie = cookiesOf(login)
    assert.equal((await call('POST', '/email', { ...SAME, cookie })).status, 200)
    clock.advance(601_000)
    const refused = await call('POST', '/email', { ...SAME, cookie })
    assert.equal(refused.status, 401)
    assert.equal(refused.headers.get('pawl-error'), 'insufficient_user_authentication')
    assert.match(refused.headers.get('www-authenticate') ?? '', /max_age="600"/)
    assert.equal((await refused.json()).maxAgeSeconds, 600)
    const again = await call('POST', '/log-in-again', { ...SAME, cookie })
    assert.deepEqual(await again.json(), { amr: ['pwd'] })
    const renewed = cookiesOf(again)
    assert.equal((await call('POST', '/email', { ...SAME, cookie: renewed })).status, 200)
  })

  test(`${name}: a log-in that a time-out has answered leaves no session behind`, async (context) => {
    const { call, pawl, under } = await setUp(context, name)
    const answer = await call('POST', '/timed-out')
    assert.equal(answer.status, 503)
    assert.equal(await answer.text(), 'too late')
    while (under.events.length < 2) await new Promise(setImmediate)
    assert.deepEqual((await pawl.listSessions('nobody')).sessions, [])
  })

  test(`${name}: a listed front end on another origin gets CORS everywhere`, async (context) => {
    const { call } = await setUp(context, name)
    const preflight = await call('OPTIONS', '/me', {
      origin: SPA,
      'access-control-request-method': 'GET',
    })
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers.get('access-control-allow-credentials'), 'true')
    const refused = await call('GET', '/me', { origin: SPA, 'sec-fetch-site': 'cross-site' })
    assert.equal(refused.status, 401)
    assert.equal(refused.headers.get('access-control-allow-origin'), SPA)
    const exposed = refused.headers.get('access-control-expose-headers')?.split(', ') ?? []
    assert.deepEqual(exposed.slice(0, 2), ['X-Total', 'Pawl-Error'])
    for (const header of EXPOSED_HEADERS) {
      const found = exposed.filter((one) => one.toLowerCase() === header)
      assert.equal(found.length, 1, header)
    }
    const stranger = await call('GET', '/me', { origin: 'https://evil.test' })
    assert.equal(stranger.headers.get('access-control-allow-origin'), null)
  })

  test(`${name}: the address that goes to the core is the one "trust proxy" allows`, async (context) => {
    const { call, cookiesOf, addresses } = await setUp(context, name)
    const cookie = cookiesOf(await call('POST', '/login'))
    const path = '/auth/session/refresh'
    await call('POST', path, { ...SAME, cookie, 'x-forwarded-for': '6.6.6.6, ::ffff:198.51.100.7' })
    assert.deepEqual(addresses, ['198.51.100.7'])
  })

  test(`${name}: requests race without mixing users`, async (context) => {
    const { call, cookiesOf } = await setUp(context, name)
    const cookies = await Promise.all(
      Array.from({ length: 20 }, async () => cookiesOf(await call('POST', '/login'))),
    )
    const answers = await Promise.all(cookies.map((cookie) => call('GET', '/me', { cookie })))
    assert.ok(answers.every(({ status }) => status === 200))
  })
}

test('options of the middleware that are misspelt are refused when it is mounted', async () => {
  const pawl = createPawl({ core: fakeCore() })
  for (const wrong of [{ Cors: false }, { cors: ['https://app.example.com'] }, { cors: null }]) {
    assert.throws(() => pawlExpress(pawl, wrong as object), /there is cors alone/)
  }
  pawlExpress(pawl, { cors: false })
  await pawl.close()
})
