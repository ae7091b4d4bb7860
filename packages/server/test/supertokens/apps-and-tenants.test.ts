import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { memoryStore } from '@pawl/store-testkit'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { startWire, type WireAnswer, type WireServer } from './wire-client.ts'

const LOG_IN = {
  ...{ userId: 'ada', userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false },
}
const APP = '/recipe/multitenancy/app/v2'
const TENANT = '/recipe/multitenancy/tenant/v2'
const KEY = 'abcdefghijklmnopqrst-0123'

describe('apps and tenants over the compatible wire', () => {
  const store = memoryStore()
  let wire: WireServer
  before(async () => {
    wire = await startWire({ storeInstance: store, compatAllowTestSettings: 'true' })
  })
  after(() => wire.server.close())

  const put = (path: string, body: object, version = '5.4'): Promise<WireAnswer> =>
    wire.send('PUT', path, { body, version })
  const post = (path: string, body: object, headers = {}): Promise<WireAnswer> =>
    wire.send('POST', path, { body, headers })

  it('are made once, listed with their settings, and removed with their sessions', async () => {
    const coreConfig = { access_token_validity: '120', password_reset_token_lifetime: 5 }
    assert.deepEqual((await put(APP, { appId: 'a1', coreConfig })).body, {
      ...{ status: 'OK', createdNew: true },
    })
    assert.equal((await put(APP, { appId: 'a1' })).body.createdNew, false)
    assert.equal((await put(`/appid-a1${TENANT}`, { tenantId: 'T1' })).body.createdNew, true)
    assert.equal((await put(`/appid-a1${TENANT}`, { tenantId: 't1' })).body.createdNew, false)
    const { body } = await wire.send('GET', `${APP.replace('/v2', '/list/v2')}`)
    const listed = body.apps.find(({ appId }: { appId: string }) => appId === 'a1')
    assert.deepEqual(
      listed.tenants.map(({ tenantId }: { tenantId: string }) => tenantId),
      ['public', 't1'],
    )
    assert.deepEqual(listed.tenants[0].coreConfig, coreConfig)
    const session = await post('/appid-a1/t1/recipe/session', LOG_IN)
    assert.match(session.body.session.handle, /_t1$/)
    assert.equal(session.body.session.tenantId, 't1')
    const seconds = (session.body.accessToken.expiry - session.body.accessToken.createdTime) / 1000
    assert.ok(seconds <= 120 && seconds > 100)
    const tenant = await wire.send('GET', `/appid-a1/t1${TENANT}`)
    assert.equal(tenant.body.tenantId, 't1')
    const nobody = await wire.send('GET', `/appid-a1/t2${TENANT}`)
    assert.deepEqual(nobody.body, { status: 'TENANT_NOT_FOUND_ERROR' })
    const removed = await post('/appid-a1/recipe/multitenancy/tenant/remove', { tenantId: 't1' })
    assert.equal(removed.body.didExist, true)
    assert.equal((await post('/appid-a1/t1/recipe/session', LOG_IN)).status, 400)
    assert.equal(
      (await post('/recipe/multitenancy/app/remove', { appId: 'a1' })).body.didExist,
      true,
    )
    const gone = await post('/appid-a1/recipe/session', LOG_IN)
    assert.match(gone.text, /^AppId or tenantId not found => /)
  })

  it('keep what is theirs: keys, sessions, users', async () => {
    await put(APP, { appId: 'a2' })
    await put(TENANT, { tenantId: 't2' })
    const [one, other, tenant] = [
      await post('/recipe/session', LOG_IN),
      await post('/appid-a2/recipe/session', LOG_IN),
      await post('/t2/recipe/session', LOG_IN),
    ]
    const keys = createRemoteJWKSet(new URL(`${wire.server.url}/appid-a2/.well-known/jwks.json`))
    await jwtVerify(other?.body.accessToken.token, keys)
    await assert.rejects(jwtVerify(one?.body.accessToken.token, keys))
    const list = async (path: string) =>
      (await wire.send('GET', `${path}/recipe/session/user?userId=ada`)).body.sessionHandles
    assert.deepEqual(await list('/appid-a2'), [other?.body.session.handle])
    assert.equal((await list('')).includes(tenant?.body.session.handle), true)
    const narrow = await wire.send(
      'GET',
      '/t2/recipe/session/user?userId=ada&fetchAcrossAllTenants=false',
    )
    assert.deepEqual(narrow.body.sessionHandles, [tenant?.body.session.handle])
    const wide = await wire.send('GET', '/t2/recipe/session/user?userId=ada')
    assert.equal(wide.status, 403)
    const misplaced = await wire.send('GET', `/t2/recipe/session?sessionHandle=x`)
    assert.equal(misplaced.status, 403)
    const old = await wire.send('GET', `/t2/recipe/session?sessionHandle=x`, { version: '4.0' })
    assert.equal(old.body.status, 'UNAUTHORISED')
    const older = await wire.send('GET', `/t2/recipe/session?sessionHandle=x`, { version: '2.21' })
    assert.deepEqual([older.status, older.text], [404, 'Not found\n'])
  })

  it('take the API keys that they were given, and no plain key is stored', async () => {
    await put(APP, { appId: 'a3', coreConfig: { api_keys: `${KEY}, ${KEY}9` } })
    const refused = await post('/appid-a3/recipe/session', LOG_IN)
    assert.deepEqual([refused.status, refused.text], [401, 'Invalid API key\n'])
    for (const headers of [
      { 'api-key': KEY },
      { 'api-key': `${KEY}9` },
      { authorization: `Bearer ${KEY}` },
      { authorization: KEY },
    ]) {
      assert.equal((await post('/appid-a3/recipe/session', LOG_IN, headers)).status, 200)
    }
    const open = ['/appid-a3/hello', '/appid-a3/.well-known/jwks.json']
    for (const path of open) assert.equal((await wire.send('GET', path)).status, 200)
    const version = await wire.send('GET', '/appid-a3/apiversion')
    assert.equal(version.status, 401)
    const more = { appId: 'a3', coreConfig: { access_token_validity: 600 } }
    assert.equal((await put(APP, more)).body.createdNew, false)
    assert.equal((await post('/appid-a3/recipe/session', LOG_IN)).status, 401)
    const records = JSON.stringify(await store.listRecords('wire-app', '*'))
    assert.doesNotMatch(records, new RegExp(KEY))
    assert.equal((await put(APP, { appId: 'a4', coreConfig: { api_keys: 'short' } })).status, 400)
  })

  it('have lives of seconds and keys that turn where tests ask for it', async () => {
    const coreConfig = {
      access_token_validity: 1,
      refresh_token_validity: '0.05',
      access_token_dynamic_signing_key_update_interval: 0.0004,
    }
    assert.equal((await put(APP, { appId: 'a5', coreConfig })).body.createdNew, true)
    const first = await post('/appid-a5/recipe/session', LOG_IN)
    const { accessToken, refreshToken } = first.body
    assert.equal(accessToken.expiry - accessToken.createdTime, 1000)
    assert.ok(Math.abs(refreshToken.expiry - accessToken.createdTime - 3000) <= 1000)
    const kids = new Set<unknown>()
    const startedMs = Date.now()
    while (kids.size < 2 && Date.now() - startedMs < 10_000) {
      const { body } = await post('/appid-a5/recipe/session', LOG_IN)
      kids.add(decodeProtectedHeader(body.accessToken.token).kid)
    }
    assert.equal(kids.size, 2)
    const keys = await wire.send('GET', '/appid-a5/.well-known/jwks.json')
    assert.match(String(keys.headers.get('cache-control')), /^max-age=1, must-revalidate$/)
    const weekly = await wire.send('GET', '/appid-public/.well-known/jwks.json')
    const [, seconds] = /^max-age=(\d+), must-revalidate$/.exec(
      String(weekly.headers.get('cache-control')),
    ) ?? ['', '0']
    assert.ok(Number(seconds) > 6 * 86_400 && Number(seconds) <= 7 * 86_400, seconds)
    const shown = keys.body.keys.map(({ kid }: { kid: string }) => kid)
    for (const kid of kids) assert.ok(shown.includes(kid))
  })

  it('of the default app leave the keys of the configuration in force', async () => {
    const keyed = await startWire({ compatApiKeys: [KEY] })
    try {
      const headers = { 'api-key': KEY }
      const body = { appId: 'public', coreConfig: { access_token_validity: 300 } }
      assert.equal((await keyed.send('PUT', APP, { body, headers })).status, 200)
      assert.equal((await keyed.send('POST', '/recipe/session', { body: LOG_IN })).status, 401)
      const { body: made } = await keyed.send('POST', '/recipe/session', { body: LOG_IN, headers })
      const { expiry, createdTime } = made.accessToken
      assert.ok(expiry - createdTime <= 300_000)
    } finally {
      await keyed.server.close()
    }
  })

  it('refuse settings that cannot be', async () => {
    const strict = await startWire()
    try {
      for (const coreConfig of [
        { access_token_validity: 1 },
        { access_token_validity: 'soon' },
        { access_token_dynamic_signing_key_update_interval: 0.0004 },
        { refresh_token_validity: 0 },
      ]) {
        const refused = await strict.send('PUT', APP, { body: { appId: 'x', coreConfig } })
        assert.equal(refused.status, 400, JSON.stringify(coreConfig))
        assert.match(refused.text, /^Invalid core config: '/)
      }
    } finally {
      await strict.server.close()
    }
  })
})

describe('signing for applications', () => {
  it('signs a JWT that is none of a session', async () => {
    const wire = await startWire()
    try {
      const body = {
        ...{ payload: { hello: 'world' }, validity: 60, algorithm: 'RS256' },
        jwksDomain: 'https://api.example.com',
      }
      const { body: made } = await wire.send('POST', '/recipe/jwt', { body })
      const keys = createRemoteJWKSet(new URL(`${wire.server.url}/.well-known/jwks.json`))
      const { payload, protectedHeader } = await jwtVerify(made.jwt, keys)
      assert.equal(protectedHeader.alg, 'RS256')
      const { body: shown } = await wire.send('GET', '/.well-known/jwks.json')
      for (const { n, e } of shown.keys)
        assert.deepEqual([typeof n, typeof e], ['string', 'string'])
      const plain = await wire.send('GET', '/.well-known/jwks.json', { version: null })
      const curve = plain.body.keys.find(({ kty }: { kty: string }) => kty === 'EC')
      assert.equal('n' in curve, false)
      assert.equal(payload.hello, 'world')
      assert.equal(payload.iss, 'https://api.example.com')
      const checks = { doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: false }
      const verified = await wire.send('POST', '/recipe/session/verify', {
        body: { ...checks, accessToken: made.jwt },
      })
      assert.equal(verified.body.status, 'TRY_REFRESH_TOKEN')
      const other = { ...body, algorithm: 'HS256' }
      const { body: refused } = await wire.send('POST', '/recipe/jwt', { body: other })
      assert.deepEqual(refused, { status: 'UNSUPPORTED_ALGORITHM_ERROR' })
    } finally {
      await wire.server.close()
    }
  })
})
