import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPawl } from '@pawl/node'
import { headersSink } from '../../src/http/header-sink.ts'
import { browser, REFRESH, SIGN_OUT } from '../support/browser.ts'
import { openEmbedded } from '../support/core-under-test.ts'
import { withScene } from '../support/open-pawl.ts'

/** The present configuration is the default one; once there was a domain, and before it a path. */
const cookies = {
  former: [
    { domain: 'example.com' },
    { path: '/api', names: { access: '__Host-pawl-at', refresh: '__Host-pawl-rt' } },
  ],
}
const OLD = '__Secure-pawl-at=old; __Secure-pawl-rt=old'

const clearedBy = (headers: Headers) =>
  headers
    .getSetCookie()
    .filter((line) => line.includes('=; Max-Age=0'))
    .map((line) => line.replace(/; (?:Max-Age=0|Secure|HttpOnly|SameSite=Lax)/g, ''))
    .sort()
const OF_DOMAIN = [
  '__Secure-pawl-at=; Path=/; Domain=example.com',
  '__Secure-pawl-rt=; Path=/; Domain=example.com',
]

test('a log-in removes cookies of a former configuration that the browser still sends', () =>
  withScene(
    openEmbedded,
    async ({ pawl, browser: fresh }) => {
      const request = fresh.request('POST', '/login', { cookie: OLD })
      const { headers } = await pawl.createSession(request, { userId: 'ada' })
      assert.deepEqual(clearedBy(headers), OF_DOMAIN)
      assert.equal(headers.getSetCookie().length, 4)
      const other = await pawl.createSession(fresh.request('POST', '/login'), { userId: 'ada' })
      assert.deepEqual(clearedBy(other.headers), [])
    },
    { cookies },
  ))

test('a former cookie of the same name is removed beside the present one, which stays', () =>
  withScene(
    openEmbedded,
    async ({ signIn }) => {
      const known = await signIn()
      const response = await known.call(REFRESH)
      assert.equal(response.status, 200)
      assert.deepEqual(clearedBy(response.headers), [
        '__Host-pawl-at=; Path=/api',
        '__Host-pawl-rt=; Path=/api',
      ])
      const set = response.headers.getSetCookie().filter((line) => !line.includes('Max-Age=0'))
      assert.deepEqual(set.map((line) => line.slice(0, line.indexOf('='))).sort(), [
        '__Host-pawl-at',
        '__Host-pawl-rt',
      ])
    },
    { cookies },
  ))

test('sign-out, and a refresh that brings former cookies alone, remove them', () =>
  withScene(
    openEmbedded,
    async ({ pawl, signIn }) => {
      const known = await signIn()
      known.jar.set('__Secure-pawl-rt', 'old')
      const cleared = clearedBy((await known.call(SIGN_OUT)).headers)
      assert.ok(cleared.includes('__Secure-pawl-rt=; Path=/; Domain=example.com'))
      assert.ok(cleared.includes('__Host-pawl-rt=; Path=/'))
      assert.ok(cleared.includes('__Host-pawl-rt=; Path=/api'))
      const stranger = browser(pawl)
      stranger.jar.set('__Secure-pawl-rt', 'old')
      const response = await stranger.call(REFRESH)
      assert.equal(response.headers.get('pawl-error'), 'no_session')
      assert.deepEqual(clearedBy(response.headers), OF_DOMAIN.slice(1))
    },
    { cookies },
  ))

test('a former cookie is never taken for a credential', async () => {
  const under = await openEmbedded()
  const shared = { core: under.core, clock: under.clock.nowMs, onFault: () => {} }
  const before = createPawl({ ...shared, cookies: { domain: 'example.com' } })
  const after = createPawl({ ...shared, cookies })
  const old = browser(before)
  const { headers } = await before.createSession(old.request('POST', '/login'), { userId: 'ada' })
  old.keep(headers)
  assert.equal((await before.guard(old.request('GET', '/me'))).kind, 'session')
  const verdict = await after.guard(old.request('GET', '/me'))
  assert.equal(verdict.kind === 'refused' && verdict.refusal.code, 'no_session')
  await before.close()
  await after.close()
  await under.close()
})

test('Set-Cookie lines of one name with another domain, path or partition stand side by side', () => {
  const headers = new Headers()
  const sink = headersSink(headers)
  const scopes = ['Path=/', 'Path=/a', 'Path=/; Domain=example.com', 'Path=/; Partitioned']
  for (const value of ['first', 'second']) {
    for (const scope of scopes) sink.setCookie('a', `a=${value}; Max-Age=9; ${scope}; Secure`)
  }
  assert.deepEqual(
    headers.getSetCookie(),
    scopes.map((scope) => `a=second; Max-Age=9; ${scope}; Secure`),
  )
})
