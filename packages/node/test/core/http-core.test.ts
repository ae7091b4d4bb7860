import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { CoreLimits } from '../../src/core/core-pool.ts'
import { parseCoreUrl } from '../../src/core/core-url.ts'
import { CORE_LIMITS, httpCore } from '../../src/core/http-core.ts'
import type { Fault } from '../../src/ports.ts'
import { SETTINGS } from '../support/fake-core.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A stand-in for a core that answers as told, and a client of it. */
async function setUp(
  context: TestContext,
  answer: Answer,
  more: { limits?: Partial<CoreLimits>; path?: string; raceWindowMs?: number } = {},
) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({ method: request.method, url: request.url, headers: request.headers, body })
    answer(request, response, body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = parseCoreUrl(`http://127.0.0.1:${port}${more.path ?? ''}`)
  assert.ok(typeof url !== 'string')
  const faults: Fault[] = []
  const core = httpCore({
    url,
    apiKey: 'pawl_key1.abc.secret-of-the-key',
    limits: { ...CORE_LIMITS, ...more.limits },
    tls: {},
    raceWindowMs: () => more.raceWindowMs,
    reportFault: (fault) => faults.push(fault),
  })
  context.after(async () => {
    server.closeAllConnections()
    server.close()
    await core.close()
  })
  return { core, seen, faults, server }
}

/** Answers in JSON; the status may come with headers. */
function json(response: ServerResponse, as: number | [number, object], value: unknown): void {
  const [status, headers] = typeof as === 'number' ? [as, {}] : as
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(value))
}

const HANDLE = 'h'.repeat(22)

test('fields travel in the path, the query or the body, by the route table', async (context) => {
  const { core, seen } = await setUp(context, (_request, response) => json(response, 200, {}), {
    path: '/apps/shop',
  })
  await core.getSession({ handle: '../../v1/sessions?x#y', tenant: 'a' })
  await core.listSessions({ userId: 'al ice/ü', limit: 5 })
  await core.replaceData({ handle: HANDLE, data: { a: 1 } })
  await core.getKeys({})
  const calls = seen.map(({ method, url, body }) => `${method} ${url} ${body}`)
  assert.deepEqual(
    new Set(calls),
    new Set([
      'GET /apps/shop/v1/sessions/..%2F..%2Fv1%2Fsessions%3Fx%23y?tenant=a ',
      'GET /apps/shop/v1/sessions?userId=al+ice%2F%C3%BC&limit=5 ',
      `PUT /apps/shop/v1/sessions/${HANDLE}/data {"data":{"a":1}}`,
      'GET /apps/shop/.well-known/jwks.json ',
    ]),
  )
  assert.ok(seen.every(({ headers }) => headers.authorization?.startsWith('Bearer pawl_key1.')))
})

test('an answer by the contract is a value; the age of keys comes from Cache-Control', async (context) => {
  const { core } = await setUp(context, (request, response) => {
    if (request.url === '/v1/settings') json(response, 200, { ...SETTINGS, extra: 1 })
    else json(response, [200, { 'cache-control': 'public, max-age=77' }], { keys: [] })
  })
  assert.deepEqual(await core.getSettings({}), { kind: 'ok', value: SETTINGS })
  assert.deepEqual(await core.getKeys({}), { kind: 'ok', value: { keys: [], maxAgeSeconds: 77 } })
})

test('a refusal keeps its code, its session and its wait', async (context) => {
  const session = { handle: HANDLE, userId: 'alice', tenant: 'default', reason: 'theft' }
  const { core, faults } = await setUp(context, (_request, response) =>
    json(response, [401, { 'retry-after': '7' }], { code: 'token_theft', detail: 'x', session }),
  )
  const outcome = await core.refreshSession({ refreshTokens: ['t'] })
  assert.deepEqual(outcome, {
    kind: 'refused',
    code: 'token_theft',
    detail: 'x',
    session,
    retryAfterSeconds: 7,
  })
  assert.deepEqual(faults, [])
})

for (const [status, code] of [
  [401, 'api_key_required'],
  [403, 'api_key_scope'],
  [404, 'app_unknown'],
  [404, 'not_found'],
  [421, 'host_not_allowed'],
  [403, 'csrf_refused'],
  [500, 'internal'],
] as const) {
  test(`${code} is the operator's trouble: the visitor is told "unavailable"`, async (context) => {
    const { core, faults } = await setUp(context, (_request, response) =>
      json(response, status, { code, detail: 'x' }),
    )
    const outcome = await core.signOut({})
    assert.ok(outcome.kind === 'refused' && outcome.code === 'unavailable')
    assert.match(faults[0]?.message ?? '', new RegExp(code))
  })
}

const broken: Readonly<Record<string, Answer>> = {
  'a page of a proxy': (_request, response) => {
    response.writeHead(502, { 'content-type': 'text/html' })
    response.end('<html>')
  },
  'a page instead of JSON': (_request, response) => response.end('<html>'),
  'JSON of another shape': (_request, response) => json(response, 200, { confirmed: 'many' }),
  'an unknown code': (_request, response) => json(response, 400, { code: 'what' }),
  'a redirect': (_request, response) => {
    response.writeHead(302, { location: '/elsewhere' })
    response.end()
  },
  'more than a mebibyte': (_request, response) => response.end(' '.repeat(1_100_000)),
  'a cut connection': (request) => request.socket.destroy(),
  'a half answer': (request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{')
    setImmediate(() => request.socket.destroy())
  },
}
for (const [name, answer] of Object.entries(broken)) {
  test(`${name} is "unavailable", told to the operator, and asked for once`, async (context) => {
    const { core, seen, faults } = await setUp(context, answer)
    const outcome = await core.confirmUses({ uses: [] })
    assert.ok(outcome.kind === 'refused' && outcome.code === 'unavailable')
    assert.equal(faults.length, 1)
    assert.equal(seen.length, 1)
    assert.ok(seen.every(({ url }) => url !== '/elsewhere'))
  })
}

test('reads are tried again, twice at most; writes and refreshes never', async (context) => {
  const { core, seen } = await setUp(context, (request) => request.socket.destroy())
  await core.getSession({ handle: HANDLE })
  assert.equal(seen.length, 3)
  await core.refreshSession({ refreshTokens: ['t'] })
  await core.createSession({ userId: 'alice' })
  await core.revokeSession({ handle: HANDLE })
  assert.equal(seen.length, 6)
})

test('a read that succeeds at the second try succeeds', async (context) => {
  let tries = 0
  const { core } = await setUp(context, (request, response) => {
    tries += 1
    if (tries === 1) request.socket.destroy()
    else json(response, 200, SETTINGS)
  })
  assert.equal((await core.getSettings({})).kind, 'ok')
})

test('a core that does not answer is given up in time', async (context) => {
  const { core } = await setUp(context, () => {}, { limits: { headersTimeoutMs: 60 } })
  const outcome = await core.revokeSession({ handle: HANDLE })
  assert.ok(outcome.kind === 'refused' && outcome.code === 'unavailable')
})

test('a refresh is given up after half the race window', async (context) => {
  const { core } = await setUp(context, () => {}, { raceWindowMs: 100 })
  const start = performance.now()
  const outcome = await core.refreshSession({ refreshTokens: ['t'] })
  assert.ok(outcome.kind === 'refused' && outcome.code === 'unavailable')
  assert.ok(performance.now() - start < 5_000)
})

test('a refresh is given up when its client has gone; a log-in is finished all the same', async (context) => {
  const client = new AbortController()
  const { core } = await setUp(context, (request, response) => {
    client.abort()
    if (request.url === '/v1/sessions/sign-out') json(response, 200, { handles: [] })
  })
  const outcome = await core.refreshSession({ refreshTokens: ['t'] }, client.signal)
  assert.ok(outcome.kind === 'refused' && outcome.code === 'unavailable')
  assert.equal((await core.signOut({}, client.signal)).kind, 'ok')
})

test("a client that goes away is nobody's fault; a core that is too slow for its asker is one", async (context) => {
  const client = new AbortController()
  const { core, faults } = await setUp(context, () => client.abort())
  await core.refreshSession({ refreshTokens: ['t'] }, client.signal)
  await core.verifySession({ accessToken: 't' }, client.signal)
  assert.deepEqual(faults, [])
  const timeout = AbortSignal.abort(new DOMException('too slow', 'TimeoutError'))
  const late = new AbortController()
  const slow = await setUp(context, () => late.abort(timeout.reason))
  await slow.core.verifySession({ accessToken: 't' }, late.signal)
  assert.equal(slow.faults.length, 1)
})

test('a read is not asked for again of a core that answers, be it that it has too much to do', async (context) => {
  for (const code of ['unavailable', 'api_key_required', 'internal']) {
    const { core, seen } = await setUp(context, (_request, response) =>
      json(response, [503, { 'retry-after': '9' }], { code, detail: 'x' }),
    )
    const outcome = await core.getSession({ handle: HANDLE })
    assert.ok(outcome.kind === 'refused' && outcome.code === 'unavailable')
    assert.equal(outcome.retryAfterSeconds, code === 'unavailable' ? 9 : undefined)
    assert.equal(seen.length, 1, code)
  }
  const gateway = await setUp(context, (_request, response) =>
    response.writeHead(502).end('<html>'),
  )
  await gateway.core.getSession({ handle: HANDLE })
  assert.equal(gateway.seen.length, 3)
})

test('calls beyond the bound are refused at once', async (context) => {
  const { core, seen } = await setUp(
    context,
    (_request, response) => {
      setImmediate(() => json(response, 200, { confirmed: 0 }))
    },
    { limits: { callsMax: 3 } },
  )
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, () => core.confirmUses({ uses: [] })),
  )
  assert.equal(outcomes.filter(({ kind }) => kind === 'ok').length, 3)
  assert.equal(seen.length, 3)
})

test('no token and no key is in a fault', async (context) => {
  const { core, faults } = await setUp(context, (request) => request.socket.destroy())
  await core.refreshSession({ refreshTokens: ['pawl_rt1.canary.canary.canary'] })
  const text = faults.map((fault) => `${JSON.stringify(fault)} ${String(fault.cause)}`).join()
  assert.ok(text.length > 0 && !/canary|secret-of-the-key/.test(text))
})

for (const [text, expected] of [
  ['http://127.0.0.1:3567', false],
  ['http://localhost:3567/', false],
  ['http://[::1]:3567', false],
  ['http://core.localhost', false],
  ['https://core.example.com', false],
  ['http://core.example.com', true],
  ['http://127.0.0.1.evil.test', true],
  ['http://127.evil.test', true],
  ['http://0.0.0.0:1', true],
] as const) {
  test(`${text} is ${expected ? '' : 'not '}insecure`, () => {
    const url = parseCoreUrl(text)
    assert.ok(typeof url !== 'string')
    assert.equal(url.isInsecure, expected)
  })
}

for (const text of [
  '',
  'core',
  'ftp://x',
  'file:///etc',
  'http://u:p@x',
  'http://x?y',
  'http://x#y',
]) {
  test(`"${text}" is no URL of a core`, () => assert.equal(typeof parseCoreUrl(text), 'string'))
}

test('a name that a proxy would take out of the path is refused before anything is sent', async (context) => {
  const { core, seen, faults } = await setUp(context, (_, response) => json(response, 200, {}))
  for (const handle of ['', '.', '..']) {
    const outcomes = [
      await core.revokeSession({ handle, tenant: 'acme' }),
      await core.getSession({ handle }),
    ]
    for (const outcome of outcomes) {
      assert.equal(outcome.kind === 'refused' && outcome.code, 'invalid_request')
    }
  }
  assert.deepEqual([seen, faults], [[], []])
})

test('what JSON would change is refused before anything is sent', async (context) => {
  const { core, seen, faults } = await setUp(context, (_, response) => json(response, 200, {}))
  for (const value of [new Map(), new Date(0), Number.NaN, 1n]) {
    const outcomes = [
      await core.createSession({ userId: 'ada', claims: { value } }),
      await core.replaceData({ handle: 'h'.repeat(22), data: { value } }),
    ]
    for (const outcome of outcomes) {
      assert.equal(outcome.kind === 'refused' && outcome.code, 'invalid_request')
    }
  }
  assert.deepEqual([seen, faults], [[], []])
})
