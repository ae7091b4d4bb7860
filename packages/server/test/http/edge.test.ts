import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import {
  COMMON_ERRORS,
  carriesBody,
  ERRORS,
  type ErrorCode,
  type Operation,
  ROUTES,
} from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { generateApiKey } from '../../src/http/api-keys.ts'
import { ConfigError, type RunningServer, startServer } from '../../src/index.ts'
import { type Answer, exchange } from '../http-core-client.ts'

const full = generateApiKey()
const reader = generateApiKey()
const expired = generateApiKey()
const json = { 'content-type': 'application/json' }
const NOBODY = 'AAAAAAAAAAAAAAAAAAAAAA'
let server: RunningServer
let keyless: RunningServer

before(async () => {
  const apiKeys = [
    full.key,
    `${reader.keyHash};scopes=read`,
    `${expired.key};not-after=2020-01-01T00:00:00Z`,
  ]
  server = await startServer({
    ...{ port: 0, storeInstance: memoryStore(), logLevel: 'silent', apiKeys },
  })
  keyless = await startServer({ port: 0, storeInstance: memoryStore(), logLevel: 'silent' })
})
after(() => Promise.all([server.close(), keyless.close()]))

const withKey = (key: string) => ({ authorization: `Bearer ${key}` })
const codeOf = ({ body }: Answer): unknown => (body as { code?: unknown }).code

async function refuses(answer: Promise<Answer>, code: ErrorCode): Promise<void> {
  const { status, headers, body } = await answer
  assert.equal((body as { code?: unknown }).code, code)
  assert.equal(status, ERRORS[code].status)
  assert.match(String(headers['content-type']), /^application\/problem\+json/)
}

/** Sends bytes as they are and gives back all that comes. */
function raw(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text))
    let received = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      received += chunk
    })
    socket.on('end', () => resolve(received))
    socket.on('error', reject)
  })
}

describe('the API key', () => {
  it('is demanded on every route but health and keys, unknown paths included', async () => {
    const open = ['/health/live', '/health/ready', '/.well-known/jwks.json']
    for (const path of open) assert.equal((await exchange(server.url + path)).status, 200)
    for (const [operation, { method, path, scope }] of Object.entries(ROUTES)) {
      const url = server.url + path.replace('{handle}', NOBODY).replace('{name}', 'nowhere')
      const body = carriesBody(method) ? '{not json' : undefined
      const answer = await exchange(url, { method, headers: json, body })
      if (scope !== 'open') assert.equal(codeOf(answer), 'api_key_required', operation)
    }
    for (const path of ['/', '/nowhere', '/v1', '/apps/x/v1/sessions', '/v1/openapi.json']) {
      await refuses(exchange(server.url + path), 'api_key_required')
    }
    await refuses(exchange(`${server.url}/health/live`, { method: 'POST' }), 'api_key_required')
  })

  it('goes into one of two headers', async () => {
    const url = `${server.url}/v1/settings`
    assert.equal((await exchange(url, { headers: withKey(full.key) })).status, 200)
    assert.equal((await exchange(url, { headers: { 'api-key': full.key } })).status, 200)
    const both = { ...withKey(full.key), 'api-key': full.key }
    await refuses(exchange(url, { headers: both }), 'invalid_request')
    const twice = { authorization: [`Bearer ${full.key}`, `Bearer ${full.key}`] }
    await refuses(exchange(url, { headers: twice }), 'invalid_request')
  })

  it('is refused when changed, foreign, expired, hashed or of another scheme', async () => {
    const url = `${server.url}/v1/settings`
    const foreign = generateApiKey()
    const changed = full.key.replace(/.(?=\.[^.]+$)/, (last) => (last === 'A' ? 'B' : 'A'))
    const bad = [changed, foreign.key, expired.key, full.keyHash, '', 'x'.repeat(5000)]
    for (const key of bad) {
      await refuses(exchange(url, { headers: withKey(key) }), 'api_key_required')
    }
    const basic = { authorization: `Basic ${full.key}` }
    const answer = await exchange(url, { headers: basic })
    assert.equal(codeOf(answer), 'api_key_required')
    assert.equal(answer.headers['www-authenticate'], 'Bearer')
  })

  it('opens what its scopes say', async () => {
    const headers = { ...json, ...withKey(reader.key) }
    const list = `${server.url}/v1/sessions?userId=ada`
    assert.equal((await exchange(list, { headers })).status, 200)
    const body = { userId: 'ada' }
    const create = exchange(`${server.url}/v1/sessions`, { method: 'POST', headers, body })
    await refuses(create, 'api_key_scope')
    await refuses(exchange(`${server.url}/v1/settings`, { headers }), 'api_key_scope')
  })

  it('is needed to listen on anything but loopback', async () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.test']) {
      const storeInstance = memoryStore()
      const starting = startServer({ host, port: 0, storeInstance, logLevel: 'silent' })
      await assert.rejects(starting, (error) => error instanceof ConfigError)
    }
  })
})

describe('the addresses that may connect', () => {
  const serve = (allowedAddresses: readonly string[]) =>
    startServer({
      ...{ port: 0, storeInstance: memoryStore(), logLevel: 'silent', allowedAddresses },
    })

  it('are those of the list, whatever headers say', async () => {
    const headers = { 'x-forwarded-for': '10.0.0.1' }
    const here = await serve(['10.0.0.0/8', '127.0.0.0/8'])
    assert.equal((await exchange(`${here.url}/health/live`)).status, 200)
    await here.close()
    const elsewhere = await serve(['10.0.0.0/8'])
    await assert.rejects(exchange(`${elsewhere.url}/health/live`, { headers }), {
      code: /^(?:ECONNRESET|UND_ERR_SOCKET|EPIPE)$/,
    })
    await elsewhere.close()
  })

  it('are refused at the start if they are none', async () => {
    await assert.rejects(serve(['core.internal']), /allowedAddresses: "core.internal" is neither/)
  })
})

describe('the host name', () => {
  it('must be one of loopback, whatever the port: a rebound name is refused', async () => {
    const url = `${keyless.url}/v1/settings`
    for (const host of ['127.0.0.1:9', 'localhost', 'LOCALHOST:3567', '[::1]:80']) {
      assert.equal((await exchange(url, { headers: { host } })).status, 200, host)
    }
    for (const host of ['evil.test', 'localhost.evil.test', '127.0.0.1.evil.test', '0.0.0.0']) {
      await refuses(exchange(url, { headers: { host } }), 'host_not_allowed')
    }
  })

  it('may be added to', async () => {
    const allowedHosts = ['core.internal']
    const other = await startServer({
      ...{ port: 0, storeInstance: memoryStore(), logLevel: 'silent', allowedHosts },
    })
    const headers = { host: 'Core.Internal:3567' }
    assert.equal((await exchange(`${other.url}/health/live`, { headers })).status, 200)
    await other.close()
  })
})

describe('a page in a browser, where no key is needed', () => {
  const pages = [
    { origin: 'https://evil.test' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  const body = JSON.stringify({ userId: 'alice' })
  const logIn = () =>
    exchange(`${keyless.url}/v1/sessions`, { method: 'POST', headers: json, body })
  const sessions = async (): Promise<number> => {
    const { body: page } = await exchange(`${keyless.url}/v1/sessions?userId=alice`)
    return (page as { sessions: unknown[] }).sessions.length
  }

  it('is refused by both wires, whatever the type of its body', async () => {
    assert.equal((await logIn()).status, 200)
    const paths = ['/recipe/session/remove', '/user/remove', '/recipe/multitenancy/app/remove']
    for (const page of pages) {
      for (const path of [...paths, '/v1/sessions', '/v1/apps', '/nowhere']) {
        for (const type of ['text/plain', 'application/json']) {
          const headers = { ...page, 'content-type': type }
          const answer = await exchange(keyless.url + path, { method: 'POST', headers, body })
          assert.equal(answer.status, 403, `${path} ${type} ${JSON.stringify(page)}`)
        }
      }
      await refuses(exchange(`${keyless.url}/v1/settings`, { headers: page }), 'csrf_refused')
    }
    assert.equal(await sessions(), 1)
  })

  it('is answered on open routes, and with what a person typed into the browser', async () => {
    for (const path of ['/health/live', '/health/ready', '/.well-known/jwks.json']) {
      assert.equal(
        (await exchange(keyless.url + path, { headers: { origin: 'null' } })).status,
        200,
        path,
      )
    }
    for (const site of ['none', 'same-origin']) {
      const headers = { 'sec-fetch-site': site }
      assert.equal((await exchange(`${keyless.url}/v1/settings`, { headers })).status, 200)
    }
  })
})

describe('a request', () => {
  const url = () => `${keyless.url}/v1/sessions`
  const post = (headers: object, body: unknown) =>
    exchange(url(), { method: 'POST', headers: { ...headers }, body })

  it('must be JSON by its type: what a form can send is refused', async () => {
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']
    for (const type of [...types, 'application/jsonp', 'application/json; charset=utf-16']) {
      await refuses(post({ 'content-type': type }, { userId: 'a' }), 'unsupported_media_type')
    }
    await refuses(post({}, { userId: 'a' }), 'unsupported_media_type')
    const zipped = { ...json, 'content-encoding': 'gzip' }
    await refuses(post(zipped, { userId: 'a' }), 'unsupported_media_type')
    const utf8 = { 'content-type': 'application/json; charset=UTF-8' }
    assert.equal((await post(utf8, { userId: 'a' })).status, 200)
  })

  it('must be a JSON object in UTF-8', async () => {
    for (const body of ['{', '[]', 'null', '"a"', '{"userId":"a"}x', '\ufeff{"userId":"a"}']) {
      await refuses(post(json, body), 'invalid_request')
    }
    await refuses(post(json, '['.repeat(60_000)), 'invalid_request')
  })

  it('is bounded, said or unsaid', async () => {
    const body = JSON.stringify({ userId: 'a', data: { text: 'x'.repeat(70_000) } })
    await refuses(post(json, body), 'payload_too_large')
    const chunk = 'x'.repeat(40_000)
    const chunks = `${(40_000).toString(16)}\r\n${chunk}\r\n`.repeat(2)
    const answer = await raw(
      keyless.url,
      `POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
    )
    assert.match(answer, /^HTTP\/1\.1 413 /)
    assert.match(answer, /connection: close/i)
  })

  it('with headers that are too long, or that smuggle, is refused by the parser', async () => {
    const long = `GET /health/live HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`
    assert.match(await raw(keyless.url, long), /^HTTP\/1\.1 431 /)
    const both =
      'POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'
    assert.match(await raw(keyless.url, both), /^HTTP\/1\.1 400 /)
    assert.match(await raw(keyless.url, 'garbage\r\n\r\n'), /^HTTP\/1\.1 400 /)
    const noHost = 'GET /health/live HTTP/1.1\r\nconnection: close\r\n\r\n'
    assert.match(await raw(keyless.url, noHost), /^HTTP\/1\.1 400 /)
  })

  it('with too many headers is refused, never read without some of them', async () => {
    const many = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`x-${index}`, '1']))
    const headers = { ...many, ...withKey(full.key) }
    await refuses(exchange(`${server.url}/v1/settings`, { headers }), 'invalid_request')
    const fewer = Object.entries(many).slice(0, 61)
    const few = { ...Object.fromEntries(fewer), ...withKey(full.key) }
    assert.equal((await exchange(`${server.url}/v1/settings`, { headers: few })).status, 200)
  })

  it('is refused for half a character in a name, and takes whole ones', async () => {
    for (const half of ['\\ud800', 'a\\udc00', '\\udc00\\ud800', 'a\\u0000', 'a\\u007f']) {
      await refuses(post(json, `{"userId":"${half}"}`), 'invalid_request')
    }
    for (const userId of ['💡', 'é', '\u{10ffff}x', '\ue000', '\ufffd']) {
      assert.equal((await post(json, { userId })).status, 200, userId)
    }
  })

  it('does not give a field twice', async () => {
    const path = `/v1/sessions/${NOBODY}/data`
    const body = { data: {}, handle: NOBODY }
    const twice = exchange(keyless.url + path, { method: 'PUT', headers: json, body })
    await refuses(twice, 'invalid_request')
    await refuses(exchange(`${url()}?userId=a&userId=b`), 'invalid_request')
    await refuses(exchange(`${url()}?userId=a&more=b`), 'invalid_request')
    await refuses(exchange(`${url()}?userId=a&limit=1e2`), 'invalid_request')
    await refuses(exchange(`${url()}?userId=a&__proto__=b`), 'invalid_request')
  })

  it('with another method is told the right ones', async () => {
    const answer = await exchange(`${keyless.url}/v1/sessions`, { method: 'DELETE' })
    assert.equal(codeOf(answer), 'method_not_allowed')
    assert.deepEqual(String(answer.headers.allow).split(', ').sort(), ['GET', 'POST'])
    for (const path of ['/v1/sessions/refresh', '/v1/sessions/sign-out']) {
      await refuses(exchange(keyless.url + path, { method: 'GET' }), 'method_not_allowed')
      const head = await exchange(keyless.url + path, { method: 'HEAD' })
      assert.equal(head.status, 405)
    }
  })

  it('to nowhere, or to an app that is not there, is told so', async () => {
    await refuses(exchange(`${keyless.url}/v1/nothing`), 'not_found')
    await refuses(exchange(`${keyless.url}/${'x'.repeat(5000)}`), 'not_found')
    await refuses(exchange(`${keyless.url}/apps/nobody/v1/settings`), 'app_unknown')
    await refuses(exchange(`${keyless.url}/apps/__proto__/v1/settings`), 'app_unknown')
    await refuses(exchange(`${keyless.url}/v1/sessions/${'x'.repeat(40)}`), 'invalid_request')
  })
})

describe('an answer', () => {
  it('is never stored nor framed nor sniffed, and names no software', async () => {
    const paths = ['/health/live', '/v1/settings', '/nowhere', '/v1/openapi.json']
    for (const path of paths) {
      const { headers } = await exchange(keyless.url + path)
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
      assert.match(String(headers['content-type']), /json; charset=utf-8$/)
      assert.ok(headers['x-request-id'])
      for (const name of Object.keys(headers)) {
        assert.doesNotMatch(name, /^(server|x-powered-by|access-control-.*)$/)
      }
    }
    const keys = await exchange(`${keyless.url}/.well-known/jwks.json`)
    assert.equal(keys.headers['cache-control'], 'public, max-age=60, must-revalidate')
    assert.deepEqual(Object.keys(keys.body as object), ['keys'])
  })

  it('is described by an OpenAPI document that holds every route and every refusal', async () => {
    const { body } = await exchange(`${keyless.url}/v1/openapi.json`)
    const { paths } = body as { paths: Record<string, Record<string, { responses: object }>> }
    for (const operation of Object.keys(ROUTES) as Operation[]) {
      const { method, path, errors } = ROUTES[operation]
      const described = paths[path]?.[method.toLowerCase()]
      assert.ok(described, operation)
      const text = JSON.stringify(described.responses)
      for (const code of [...errors, ...COMMON_ERRORS]) assert.ok(text.includes(`\`${code}\``))
    }
    for (const path of Object.keys(paths)) {
      const found = await exchange(keyless.url + path.replace('{handle}', NOBODY), {})
      assert.notEqual(codeOf(found), 'not_found', path)
    }
  })
})
