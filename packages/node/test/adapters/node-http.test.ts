import assert from 'node:assert/strict'
import { createServer, request as httpRequest } from 'node:http'
import { type TestContext, test } from 'node:test'
import { createPawl, type PawlOptions } from '@pawl/node'
import { type PawlHandler, pawlListener, requireSession } from '@pawl/node/node-http'
import type { CoreApi } from '@pawl/protocol'
import { openEmbedded } from '../support/core-under-test.ts'
import { fakeCore } from '../support/fake-core.ts'
import { listen } from '../support/listen.ts'

const SAME = { 'sec-fetch-site': 'same-origin' }

const app: PawlHandler = async (request, response, pawl) => {
  const json = (value: unknown) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(value))
  }
  switch (`${request.method} ${request.url}`) {
    case 'POST /login': {
      await pawl.createSession({ userId: 'alice' })
      return json({ userId: pawl.session.userId })
    }
    case 'GET /me':
      return requireSession((_request, _response, guarded) =>
        json({ userId: guarded.session.userId }),
      )(request, response, pawl)
    case 'GET /broken':
      throw new Error('a bug')
    default:
      response.statusCode = 404
      response.end()
  }
}

async function serve(context: TestContext, core: CoreApi, options: Partial<PawlOptions> = {}) {
  const pawl = createPawl({
    core,
    onFault: () => {},
    origins: ['http://localhost:5173'],
    ...options,
  })
  const errors: unknown[] = []
  const server = createServer(pawlListener(pawl, app, (error) => errors.push(error)))
  const base = await listen(context, server, [pawl])
  const call = (method: string, path: string, headers: Record<string, string> = SAME) =>
    fetch(base + path, { method, headers })
  return { base, call, errors }
}

test('node:http: log in, be known, refresh, sign out', async (context) => {
  const under = await openEmbedded()
  context.after(under.close)
  const { call } = await serve(context, under.core as CoreApi, { clock: under.clock.nowMs })
  const login = await call('POST', '/login')
  assert.deepEqual(await login.json(), { userId: 'alice' })
  const cookiesOf = (response: Response) =>
    response.headers
      .getSetCookie()
      .map((line) => line.slice(0, line.indexOf(';')))
      .join('; ')
  const cookie = cookiesOf(login)
  assert.deepEqual(await (await call('GET', '/me', { cookie })).json(), { userId: 'alice' })
  const refresh = await call('POST', '/auth/session/refresh', { ...SAME, cookie })
  assert.equal(refresh.status, 200)
  const out = { ...SAME, cookie: cookiesOf(refresh) }
  assert.equal((await call('POST', '/auth/session/sign-out', out)).status, 200)
  assert.equal((await call('GET', '/me', { cookie })).status, 401)
})

test('node:http: refusals, preflights, errors and other paths are answered', async (context) => {
  const { call, errors } = await serve(context, fakeCore())
  assert.equal((await call('GET', '/me')).status, 401)
  assert.equal((await call('POST', '/login')).status, 503)
  assert.equal((await call('POST', '/login', {})).status, 403)
  assert.equal((await call('GET', '/nowhere')).status, 404)
  const preflight = { origin: 'http://localhost:5173', 'access-control-request-method': 'GET' }
  assert.equal((await call('OPTIONS', '/me', preflight)).status, 204)
  assert.equal(errors.length, 0)
  assert.equal((await call('GET', '/broken')).status, 500)
  assert.equal(errors.length, 1)
})

test('node:http: what is told of an error may fail itself, and a route may return any thenable', async (context) => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  context.after(() => process.off('warning', note))
  const pawl = createPawl({ core: fakeCore(), onFault: () => {} })
  // Not a Promise, as the queries of some libraries are not.
  const thenable = Object.assign(Object.create(null), {
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried here.
    then: (_done: unknown, failed: (error: Error) => void) => failed(new Error('a bug')),
  })
  const tellers = [
    () => {
      throw new Error('told nobody')
    },
    async () => {
      throw new Error('told nobody later')
    },
  ]
  for (const teller of tellers) {
    for (const route of [() => thenable, () => Promise.reject(new Error('a bug'))]) {
      const server = createServer(pawlListener(pawl, route, teller))
      assert.equal((await fetch(await listen(context, server))).status, 500)
    }
  }
  assert.equal(warnings.filter(({ message }) => message.startsWith('onError failed')).length, 4)
  await pawl.close()
})

test('node:http: an open client that goes away aborts its refresh', async (context) => {
  const asked = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<void>()
  const core = {
    ...fakeCore(),
    refreshSession: (_request: unknown, signal?: AbortSignal) => {
      signal?.addEventListener('abort', () => aborted.resolve())
      asked.resolve()
      return new Promise<never>(() => {})
    },
  }
  const { base } = await serve(context, core)
  const headers = { ...SAME, cookie: '__Host-pawl-rt=pawl_rt1.a.b.c' }
  const request = httpRequest(`${base}/auth/session/refresh`, { method: 'POST', headers })
  request.on('error', () => {})
  request.end()
  await asked.promise
  request.destroy()
  await aborted.promise
})

test('node:http: a proxy is believed only if it is trusted', async (context) => {
  const addresses: unknown[] = []
  const core = {
    ...fakeCore(),
    refreshSession: async (request: { clientAddress?: string | undefined }) => {
      addresses.push(request.clientAddress)
      return { kind: 'refused', code: 'unavailable', detail: '' } as const
    },
  }
  const headers = {
    ...SAME,
    cookie: '__Host-pawl-rt=pawl_rt1.a.b.c',
    'x-forwarded-for': '198.51.100.7',
  }
  for (const trustProxy of [false, 1, ['127.0.0.1'], ['10.0.0.0/8']] as const) {
    const { call } = await serve(context, core, { trustProxy })
    await call('POST', '/auth/session/refresh', headers)
  }
  assert.deepEqual(addresses, ['127.0.0.1', '198.51.100.7', '198.51.100.7', '127.0.0.1'])
})
