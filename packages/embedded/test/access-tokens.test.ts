import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { CoreApi, Grant, Outcome } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose'
import { type EmbeddedCore, embedCore, generateSecret } from '../src/index.ts'
import { manualClock } from './manual-clock.ts'

const clock = manualClock()
let core: EmbeddedCore

before(async () => {
  const apps = { shop: {} }
  const tenants = { default: { acme: {} }, shop: { acme: {} } }
  core = await embedCore({ store: memoryStore(), secret: generateSecret(), clock, apps, tenants })
})
after(() => core.close())

function value<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

async function logIn(more: object = {}, api: CoreApi = core): Promise<Grant> {
  return value(await api.createSession({ userId: 'ada', ...more }))
}

async function codeOf(accessToken: string, api: CoreApi = core): Promise<string> {
  const outcome = await api.verifySession({ accessToken })
  return outcome.kind === 'ok' ? 'ok' : outcome.code
}

describe('JWT access tokens', () => {
  it('verify with a foreign library through the public key set alone', async () => {
    const { accessToken, session } = await logIn({ claims: { role: 'admin' }, tenant: 'acme' })
    const { keys } = value(await core.getKeys({}))
    const { payload, protectedHeader } = await jwtVerify(
      accessToken.token,
      createLocalJWKSet({ keys }),
      {
        issuer: 'pawl',
        audience: 'default',
        typ: 'at+jwt',
        algorithms: ['ES256'],
        currentDate: new Date(clock.nowMs()),
      },
    )
    assert.deepEqual(Object.keys(protectedHeader), ['alg', 'typ', 'kid'])
    assert.equal(payload.sub, 'ada')
    assert.equal(payload.sid, session.handle)
    assert.equal(payload.tid, 'acme')
    assert.equal(payload.role, 'admin')
    assert.equal((payload.exp ?? 0) * 1000, accessToken.expiresAtMs)
  })

  it('leave the default tenant out', async () => {
    const { accessToken } = await logIn()
    assert.equal('tid' in decodeJwt(accessToken.token), false)
  })

  it('name the key of a bound session', async () => {
    const keyThumbprint = `${'k'.repeat(42)}A`
    const { accessToken } = await logIn({ keyThumbprint })
    assert.deepEqual(decodeJwt(accessToken.token).cnf, { jkt: keyThumbprint })
    assert.equal(await codeOf(accessToken.token), 'ok')
  })

  it('publish public members only', async () => {
    const { keys } = value(await core.getKeys({}))
    assert.equal(keys.length, 1)
    assert.deepEqual(Object.keys(keys[0] ?? {}).sort(), [
      ...['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ])
    assert.match(keys[0]?.kid ?? '', /^d-[A-Za-z0-9_-]{11}$/)
  })

  it('are refused with any header but our own, even signed with our own key', async () => {
    const { accessToken } = await logIn()
    const [header = '', payload = '', signature = ''] = accessToken.token.split('.')
    const own = decodeProtectedHeader(accessToken.token)
    const headers = [
      { ...own, alg: 'none' },
      { ...own, alg: 'nOnE' },
      { ...own, alg: 'HS256' },
      { ...own, alg: 'ES384' },
      { ...own, crit: ['x'] },
      { ...own, crit: [] },
      { ...own, b64: false },
      { ...own, jku: 'http://127.0.0.1:1/keys' },
      { ...own, jwk: { kty: 'EC' } },
      { ...own, x5c: [] },
      { ...own, zip: 'DEF' },
      { ...own, kid: '__proto__' },
      { ...own, kid: 'd-AAAAAAAAAAA' },
      { ...own, kid: 1 },
      { ...own, typ: 'JWT' },
      { alg: own.alg, kid: own.kid },
    ]
    for (const each of headers) {
      const changed = Buffer.from(JSON.stringify(each)).toString('base64url')
      for (const end of [signature, '', 'AA']) {
        assert.equal(await codeOf(`${changed}.${payload}.${end}`), 'access_token_invalid')
      }
    }
    assert.equal(await codeOf(`${header}.${payload}.${signature}.`), 'access_token_invalid')
    assert.equal(await codeOf(`${header}.${payload}`), 'access_token_invalid')
    assert.equal(await codeOf(`${header}=.${payload}.${signature}`), 'access_token_invalid')
    assert.equal(await codeOf(` ${accessToken.token}`), 'access_token_invalid')
  })

  it('are refused when signed by a foreign key under our key id', async () => {
    const { accessToken } = await logIn()
    const { privateKey } = await crypto.subtle.generateKey(
      { name: 'ECDSA', namedCurve: 'P-256' },
      true,
      ['sign'],
    )
    const forged = await new SignJWT(decodeJwt(accessToken.token))
      .setProtectedHeader(decodeProtectedHeader(accessToken.token) as { alg: string })
      .sign(privateKey)
    assert.equal(await codeOf(forged), 'access_token_invalid')
  })

  it('expire at the second they say, not before', async () => {
    const { accessToken } = await logIn()
    clock.advance(accessToken.expiresAtMs - clock.nowMs() - 1)
    assert.equal(await codeOf(accessToken.token), 'ok')
    clock.advance(1)
    assert.equal(await codeOf(accessToken.token), 'access_token_expired')
  })

  it('mean nothing to another app of the same core', async () => {
    const shop = core.app('shop')
    assert.ok(shop)
    const { accessToken } = await logIn()
    assert.equal(await codeOf(accessToken.token, shop), 'access_token_invalid')
    const other = await logIn({}, shop)
    assert.equal(await codeOf(other.accessToken.token), 'access_token_invalid')
    assert.equal(await codeOf(other.accessToken.token, shop), 'ok')
  })

  it('keep claims with awkward names and values as they are', async () => {
    const claims = JSON.parse('{"2":1,"1":0,"ключ":"\\ud800","n":1e21,"toString":null}')
    const { accessToken } = await logIn({ claims })
    const verified = value(await core.verifySession({ accessToken: accessToken.token }))
    assert.deepEqual(verified.claims, claims)
  })

  it('leave room where their claims are accepted: a token may grow without them', async () => {
    const lengths: number[] = []
    for (let chars = 600; chars < 1_100; chars += 10) {
      // Three bytes each, which are four characters of the token.
      const claims = { text: '€'.repeat(chars) }
      const outcome = await core.createSession({ userId: 'ann', claims })
      if (outcome.kind === 'ok') lengths.push(outcome.value.accessToken.token.length)
    }
    const longest = Math.max(...lengths)
    assert.ok(longest <= 4_080 - 512, String(longest))
    assert.ok(longest > 4_080 - 512 - 60, String(longest))
  })

  it('are not made when a cookie could not hold them, and nothing is written', async () => {
    const claims = { text: '\u{1f600}'.repeat(1000) }
    const outcome = await core.createSession({ userId: 'big', claims })
    assert.equal(outcome.kind === 'refused' && outcome.code, 'token_too_large')
    assert.deepEqual(value(await core.listSessions({ userId: 'big' })).sessions, [])
  })
})

describe('opaque access tokens', () => {
  it('say who it is only through the row, and die with it', async () => {
    const { accessToken, session } = await logIn({ accessKind: 'opaque', claims: { a: 1 } })
    const verified = value(await core.verifySession({ accessToken: accessToken.token }))
    assert.equal(verified.userId, 'ada')
    assert.deepEqual(verified.claims, { a: 1 })
    assert.equal(verified.expiresAtMs, accessToken.expiresAtMs)
    value(await core.revokeSession({ handle: session.handle }))
    assert.equal(await codeOf(accessToken.token), 'session_ended')
  })

  it('mean nothing to another app', async () => {
    const shop = core.app('shop')
    assert.ok(shop)
    const { accessToken } = await logIn({ accessKind: 'opaque', tenant: 'acme' }, shop)
    assert.equal(await codeOf(accessToken.token, shop), 'ok')
    assert.equal(await codeOf(accessToken.token), 'access_token_invalid')
  })

  it('and refresh tokens are never taken for each other', async () => {
    const { accessToken, refreshToken } = await logIn({ accessKind: 'opaque' })
    assert.equal(await codeOf(refreshToken.token), 'access_token_invalid')
    const outcome = await core.refreshSession({ refreshTokens: [accessToken.token] })
    assert.equal(outcome.kind === 'refused' && outcome.code, 'refresh_token_invalid')
  })

  it('survive a claims change with their lineage and expiry', async () => {
    const { accessToken, session } = await logIn({ accessKind: 'opaque' })
    clock.advance(7_777)
    const replaced = value(
      await core.replaceClaims({
        handle: session.handle,
        claims: { b: 2 },
        accessToken: accessToken.token,
      }),
    )
    assert.equal(replaced.accessToken?.expiresAtMs, accessToken.expiresAtMs)
    const again = replaced.accessToken?.token ?? ''
    const verified = value(await core.verifySession({ accessToken: again }))
    assert.equal(verified.expiresAtMs, accessToken.expiresAtMs)
    assert.deepEqual(verified.claims, { b: 2 })
  })
})
