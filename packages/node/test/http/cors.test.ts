import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideCors, withCors } from '../../src/http/cors.ts'

const APP = 'https://app.example.com'
const policy = {
  origins: new Set([APP, 'http://127.0.0.1:3000']),
  requestHeaders: ['x-app'],
  responseHeaders: ['x-count'],
}

function request(method: string, headers: Record<string, string>) {
  return new Request('https://api.example.com/x', { method, headers })
}

test('a listed origin may read answers, with credentials, and only its own name is sent', () => {
  const answer = decideCors(request('GET', { origin: APP }), policy)
  assert.equal(answer.kind, 'actual')
  const headers = Object.fromEntries(answer.headers)
  assert.equal(headers['access-control-allow-origin'], APP)
  assert.equal(headers['access-control-allow-credentials'], 'true')
  assert.equal(headers.vary, 'Origin')
  const exposed = headers['access-control-expose-headers']?.split(', ') ?? []
  for (const name of ['pawl-session', 'pawl-error', 'retry-after', 'x-count']) {
    assert.ok(exposed.includes(name), name)
  }
})

test('a preflight of a listed origin is answered with what front ends need', async () => {
  const headers = { origin: APP, 'access-control-request-method': 'POST' }
  const answer = decideCors(request('OPTIONS', headers), policy)
  assert.ok(answer.kind === 'preflight')
  assert.equal(answer.response.status, 204)
  const allowed = answer.response.headers.get('access-control-allow-headers')?.split(', ') ?? []
  for (const name of ['content-type', 'authorization', 'pawl-transport', 'x-app']) {
    assert.ok(allowed.includes(name), name)
  }
  assert.match(answer.response.headers.get('access-control-allow-methods') ?? '', /POST/)
})

const strangers = [
  undefined,
  'null',
  '*',
  'https://evil.test',
  'https://app.example.com.evil.test',
  'https://xapp.example.com',
  'http://app.example.com',
  'https://app.example.com:444',
  'HTTPS://app.example.com',
  `${APP}, https://evil.test`,
]
for (const origin of strangers) {
  for (const method of ['GET', 'OPTIONS']) {
    test(`${method} from ${origin} gets no CORS header but Vary`, () => {
      const headers = {
        'access-control-request-method': 'POST',
        ...(origin === undefined ? {} : { origin }),
      }
      const answer = decideCors(request(method, headers), policy)
      assert.deepEqual(answer, { kind: 'none', headers: [['vary', 'Origin']] })
    })
  }
}

test('without front ends elsewhere nothing is added', () => {
  const nobody = { ...policy, origins: new Set<string>() }
  assert.deepEqual(decideCors(request('GET', { origin: APP }), nobody).headers, [])
})

test('Vary of a response is kept', () => {
  const response = new Response('', { headers: { vary: 'Cookie, origin' } })
  withCors(response, [['vary', 'Origin']])
  assert.equal(response.headers.get('vary'), 'Cookie, origin')
})
