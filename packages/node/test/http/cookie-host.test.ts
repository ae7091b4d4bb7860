import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fault, RequestLike } from '@pawl/node'
import { watchCookieHost } from '../../src/http/cookie-host.ts'
import { openEmbedded } from '../support/core-under-test.ts'
import { withScene } from '../support/open-pawl.ts'

const DOMAIN = 'example.com'

function hostsTold(
  requests: readonly { url?: string; headers?: Record<string, string> }[],
  domain: string | undefined = DOMAIN,
): readonly (string | undefined)[] {
  const faults: Fault[] = []
  const watch = watchCookieHost(domain, (fault) => faults.push(fault))
  for (const { url = '/log-in', headers = {} } of requests) {
    watch({ url, headers: new Headers(headers) })
  }
  assert.ok(faults.every(({ where }) => where === 'cookies'))
  return faults.map(
    ({ message }) => /^browsers drop the session cookies at "(.+?)":/.exec(message)?.[1],
  )
}

const host = (name: string) => ({ headers: { host: name } })
const page = (origin: string, more: Record<string, string> = {}) => ({
  headers: { 'sec-fetch-site': 'same-origin', origin, ...more },
})

for (const covered of [
  host('example.com'),
  host('APP.Example.com:8443'),
  host('a.b.example.com'),
  { url: 'https://api.example.com/log-in' },
  page('https://app.example.com', { host: 'backend:4000' }),
  { headers: { host: 'backend:4000', 'x-forwarded-host': 'app.example.com, inner' } },
]) {
  test(`${JSON.stringify(covered)} is covered by ${DOMAIN}`, () =>
    assert.deepEqual(hostsTold([covered]), []))
}

for (const [request, told] of [
  [host('other.org:3000'), 'other.org'],
  [host('badexample.com'), 'badexample.com'],
  [host('example.com.evil.test'), 'example.com.evil.test'],
  [host('com'), 'com'],
  [host('127.0.0.1:4000'), '127.0.0.1'],
  [host('[::1]:4000'), '[::1]'],
  [{ url: 'https://other.org:8443/log-in' }, 'other.org'],
  [page('http://localhost:5173', { host: 'api.example.com' }), 'localhost'],
  [{ headers: { host: 'example.com', 'x-forwarded-host': 'shop.test' } }, 'shop.test'],
] as const) {
  test(`${JSON.stringify(request)} is told as ${told}`, () =>
    assert.deepEqual(hostsTold([request]), [told]))
}

test('the origin of a page elsewhere is no host of ours', () => {
  const headers = { 'sec-fetch-site': 'same-site', origin: 'https://other.org', host: DOMAIN }
  assert.deepEqual(hostsTold([{ headers }]), [])
})

test('each host is told once, and no more than a hundred of them', () => {
  assert.deepEqual(hostsTold([host('a.test'), host('b.test:1'), host('a.test:2')]), [
    'a.test',
    'b.test',
  ])
  const many = Array.from({ length: 1_000 }, (_, index) => host(`h${index}.test`))
  assert.equal(hostsTold(many).length, 100)
})

test('what is no host is repeated to nobody, and without a domain nothing is told', () => {
  const strange = ['', ' ', 'a b', 'a"b', `${'a'.repeat(254)}`, 'a/b', 'ä.test', '[x]']
  const requests = strange.map(
    (name): Pick<RequestLike, 'url' | 'headers'> => ({
      url: '/',
      headers: { get: (header) => (header === 'host' ? name : null) },
    }),
  )
  const watch = watchCookieHost(DOMAIN, () => assert.fail('told'))
  for (const request of requests) watch(request)
  watch({ url: '/', headers: new Headers() })
  assert.deepEqual(
    hostsTold([{ headers: { origin: 'null', 'sec-fetch-site': 'same-origin' } }]),
    [],
  )
  const silent = watchCookieHost(undefined, () => assert.fail('told'))
  silent({ url: '/', headers: new Headers({ host: 'other.org' }) })
})

test('a log-in at a host that the domain does not cover is served, and the operator told', async () => {
  const faults: Fault[] = []
  const options = {
    cookies: { domain: 'shop.test' },
    onFault: (fault: Fault) => faults.push(fault),
  }
  await withScene(
    openEmbedded,
    async ({ signIn }) => {
      const first = await signIn()
      assert.equal(first.jar.size, 2)
      assert.equal((await first.call('/auth/session/refresh')).status, 200)
      await signIn()
    },
    options,
  )
  const told = faults.filter(({ where }) => where === 'cookies')
  assert.equal(told.length, 1)
  assert.match(told[0]?.message ?? '', /"app\.example\.com": cookies\.domain is "shop\.test"/)
})

test('header transport sets no cookies, so no host is wrong', async () => {
  const faults: Fault[] = []
  await withScene(
    openEmbedded,
    async ({ pawl, browser }) => {
      const request = browser.request('POST', '/log-in', { 'pawl-transport': 'header' })
      await pawl.createSession(request, { userId: 'ada' })
    },
    {
      transport: 'both',
      cookies: { domain: 'shop.test' },
      onFault: (fault) => faults.push(fault),
    },
  )
  assert.deepEqual(
    faults.filter(({ where }) => where === 'cookies'),
    [],
  )
})
