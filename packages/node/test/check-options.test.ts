import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPawl, PawlConfigError, type PawlOptions } from '@pawl/node'
import { checkOptions } from '../src/check-options.ts'
import { fakeCore } from './support/fake-core.ts'

const core = fakeCore()

function faultsOf(options: object): readonly string[] {
  try {
    createPawl(options as PawlOptions)
    return []
  } catch (error) {
    assert.ok(error instanceof PawlConfigError)
    return error.faults
  }
}

test('every fault is named at once', () => {
  const faults = faultsOf({
    core: 'http://core.example.com',
    origins: ['https://app.example.com/', '*', 'null', 'http://app.example.com'],
    basePath: 'auth/',
    transport: 'pigeon',
    trustProxy: ['nowhere'],
    originz: [],
  })
  assert.equal(faults.length, 9)
  assert.ok(faults.some((fault) => fault.includes('write "https://app.example.com"')))
  assert.ok(faults.some((fault) => fault.includes('did you mean origins?')))
})

const refused: Readonly<Record<string, object>> = {
  'no core': { core: undefined },
  'a core of another kind': { core: 7 },
  'a plain-text core elsewhere': { core: 'http://core.example.com' },
  'a short API key': { core: 'http://127.0.0.1:1', apiKey: 'short' },
  'an API key with a line break': { core: 'http://127.0.0.1:1', apiKey: `${'k'.repeat(20)}\r\n` },
  'an API key for an embedded core': { core, apiKey: 'k'.repeat(20) },
  'an origin with a path': { core, origins: ['https://a.example.com/x'] },
  'an origin in capitals': { core, origins: ['https://A.example.com'] },
  'a default port': { core, origins: ['https://a.example.com:443'] },
  'a wildcard': { core, origins: ['https://*.example.com/'] },
  'a plain-text origin': { core, origins: ['http://a.example.com'] },
  'a base path with a trailing slash': { core, basePath: '/auth/' },
  'a base path with a line break': { core, basePath: '/auth\r\n' },
  'an unknown CSRF mode': { core, csrf: 'none' },
  'SameSite none without a CSRF check': {
    core,
    csrf: 'dangerously-off',
    cookies: { sameSite: 'none' },
  },
  'a cookie domain without a CSRF check': {
    core,
    csrf: 'dangerously-off',
    cookies: { domain: 'example.com' },
  },
  'an unknown SameSite': { core, cookies: { sameSite: 'loose' } },
  'a cookie domain with a dot before it': { core, cookies: { domain: '.example.com' } },
  'a cookie domain that is a suffix': { core, cookies: { domain: 'com' } },
  'a cookie domain that is a suffix of two labels': { core, cookies: { domain: 'co.uk' } },
  'a cookie domain that a host of strangers shares': { core, cookies: { domain: 'github.io' } },
  'a cookie domain that is an address': { core, cookies: { domain: '127.0.0.1' } },
  'a cookie domain that splits the header': { core, cookies: { domain: 'example.com; x' } },
  'a cookie name that splits the header': { core, cookies: { name: 'a=b' } },
  'a cookie name with a prefix of its own': { core, cookies: { name: '__Host-shop' } },
  'an empty cookie name': { core, cookies: { name: '' } },
  'a former cookie path that splits the header': { core, cookies: { former: [{ path: '/; x' }] } },
  'a former cookie name that splits the header': {
    core,
    cookies: { former: [{ names: { access: 'a=b', refresh: 'c' } }] },
  },
  'a former configuration that is the present one': {
    core,
    cookies: { domain: 'example.com', former: [{ domain: 'example.com', sameSite: 'strict' }] },
  },
  'more former configurations than were ever there': {
    core,
    cookies: { former: Array.from({ length: 9 }, (_, index) => ({ path: `/${index}` })) },
  },
  'a host prefix with a domain': { core, cookies: { domain: 'example.com', hostHttpPrefix: true } },
  'partitioned cookies that are not SameSite none': { core, cookies: { partitioned: true } },
  'SameSite none without HTTPS': {
    core,
    cookies: { sameSite: 'none', dangerouslyAllowHttp: true },
  },
  'too many proxies': { core, trustProxy: 17 },
  'a fraction of a proxy': { core, trustProxy: 0.5 },
  'proxies by name': { core, trustProxy: 'loopback' },
  'a hook that is no function': { core, onTheft: 'mail' },
  'an unknown limit': { core, limits: { things: 1 } },
  'a limit out of range': { core, limits: { connections: 0 } },
  'a cookie option that does not exist': { core, cookies: { samesite: 'none' } },
  'a cookie option under another name': { core, cookies: { secure: false } },
  'cookies that are a word': { core, cookies: 'lax' },
  'a word for a truth value': { core, cookies: { hostHttpPrefix: 'no' } },
  'a cookie domain of no text': { core, cookies: { domain: 7 } },
  'a former option that does not exist': {
    core,
    cookies: { former: [{ path: '/a', domains: 'a.com' }] },
  },
  'a former configuration that is a word': { core, cookies: { former: ['example.com'] } },
  'half of the former names': { core, cookies: { former: [{ names: { acces: 'a' } }] } },
  'a CORS option that does not exist': { core, cors: { origins: ['https://a.example.com'] } },
  'certificates that are not checked': { core, coreTls: { rejectUnauthorized: false } },
  'a certificate of no text': { core, coreTls: { ca: Buffer.from('x') } },
  'limits that are a number': { core, limits: 5 },
  'a CORS header in capitals': { core, cors: { requestHeaders: ['X-App'] } },
}
for (const [name, options] of Object.entries(refused)) {
  test(`${name} is refused at creation`, () => assert.equal(faultsOf(options).length, 1))
}

const accepted: Readonly<Record<string, object>> = {
  'an embedded core alone': { core },
  'a local core': { core: 'http://localhost:3567' },
  'a core with TLS and an app': { core: 'https://core.internal/apps/shop', apiKey: 'k'.repeat(40) },
  'development origins': { core, origins: ['http://localhost:5173', 'http://127.0.0.1:3000'] },
  'an origin of another port': { core, origins: ['https://a.example.com:8443'] },
  'cross-site cookies': { core, cookies: { sameSite: 'none', partitioned: true } },
  'a cookie domain': { core, cookies: { domain: 'example.co.uk' } },
  'a cookie domain below a host of strangers': { core, cookies: { domain: 'ours.github.io' } },
  'a cookie domain of a private network': { core, cookies: { domain: 'shop.internal' } },
  'former cookies': { core, cookies: { former: [{ domain: 'example.com' }, { path: '/api' }] } },
  'a cookie name, and the one before it': { core, cookies: { name: 'shop', former: [{}] } },
  'proxies by range': { core, trustProxy: ['10.0.0.0/8', '::1'] },
}
for (const [name, options] of Object.entries(accepted)) {
  test(`${name} is accepted`, async () => {
    assert.deepEqual(faultsOf(options), [])
  })
}

test('cookie names say what protects them', () => {
  const names = (cookies: PawlOptions['cookies']) => {
    const { accessCookie, refreshCookie } = checkOptions({ core, cookies: cookies ?? {} }).config
    assert.equal(accessCookie.name.replace('-at', ''), refreshCookie.name.replace('-rt', ''))
    return [accessCookie.name, accessCookie.attributes] as const
  }
  const strict = '; Path=/; Secure; HttpOnly; SameSite=Lax'
  assert.deepEqual(names({}), ['__Host-pawl-at', strict])
  assert.deepEqual(names({ hostHttpPrefix: true }), ['__Host-Http-pawl-at', strict])
  assert.deepEqual(names({ domain: 'example.com' }), [
    '__Secure-pawl-at',
    '; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax',
  ])
  assert.deepEqual(names({ name: 'shop' }), ['__Host-shop-at', strict])
  assert.equal(names({ name: 'shop', domain: 'example.com' })[0], '__Secure-shop-at')
  assert.equal(names({ name: 'shop', dangerouslyAllowHttp: true })[0], 'shop-at')
  assert.deepEqual(names({ dangerouslyAllowHttp: true, sameSite: 'strict' }), [
    'pawl-at',
    '; Path=/; HttpOnly; SameSite=Strict',
  ])
  assert.deepEqual(names({ sameSite: 'none', partitioned: true }), [
    '__Host-pawl-at',
    '; Path=/; Secure; HttpOnly; SameSite=None; Partitioned',
  ])
})

test('what is dangerous is said aloud', () => {
  const { warnings } = checkOptions({
    core: 'http://core.example.com',
    dangerouslyAllowInsecureCore: true,
    cookies: { dangerouslyAllowHttp: true },
    csrf: 'dangerously-off',
  })
  assert.equal(warnings.length, 3)
  assert.deepEqual(checkOptions({ core }).warnings, [])
})
