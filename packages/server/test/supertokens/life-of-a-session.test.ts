import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { startWire, type WireAnswer, type WireServer } from './wire-client.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const LOG_IN = {
  userId: 'ada',
  userDataInJWT: { iss: 'https://api.example.com/auth', role: 'admin', nothing: null },
  userDataInDatabase: { cart: [1, 2] },
  enableAntiCsrf: false,
}

describe('a session over the compatible wire', () => {
  let wire: WireServer
  before(async () => {
    wire = await startWire()
  })
  after(() => wire.server.close())

  const logIn = async (more: object = {}): Promise<WireAnswer> =>
    wire.send('POST', '/public/recipe/session', { body: { ...LOG_IN, ...more } })
  const refresh = (refreshToken: string, more: object = {}): Promise<WireAnswer> =>
    wire.send('POST', '/recipe/session/refresh', {
      body: { refreshToken, enableAntiCsrf: false, useDynamicSigningKey: true, ...more },
    })
  const verify = (accessToken: string, more: object = {}): Promise<WireAnswer> =>
    wire.send('POST', '/recipe/session/verify', {
      body: {
        ...{ accessToken, doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: true },
        ...more,
      },
    })

  it('starts with the tokens that drivers expect', async () => {
    const { status, body, text, headers } = await logIn()
    assert.equal(status, 200)
    assert.equal(headers.get('content-type'), 'application/json; charset=UTF-8')
    assert.ok(text.endsWith('}\n'))
    assert.equal(body.status, 'OK')
    assert.match(body.session.handle, UUID)
    assert.deepEqual(body.session, {
      handle: body.session.handle,
      userId: 'ada',
      recipeUserId: 'ada',
      userDataInJWT: LOG_IN.userDataInJWT,
      tenantId: 'public',
    })
    assert.equal('antiCsrfToken' in body, false)
    const { token, expiry, createdTime } = body.accessToken
    const keys = createRemoteJWKSet(new URL(`${wire.server.url}/.well-known/jwks.json`))
    const { payload, protectedHeader } = await jwtVerify(token, keys)
    assert.equal(protectedHeader.version, '5')
    assert.equal(protectedHeader.typ, 'JWT')
    assert.equal(protectedHeader.alg, 'ES256')
    assert.match(String(protectedHeader.kid), /^d-/)
    const { refreshTokenHash1, ...claims } = payload
    assert.equal(typeof refreshTokenHash1, 'string')
    assert.deepEqual(claims, {
      ...LOG_IN.userDataInJWT,
      ...{ sub: 'ada', rsub: 'ada', tId: 'public', sessionHandle: body.session.handle },
      ...{ exp: expiry / 1000, iat: createdTime / 1000 },
      ...{ parentRefreshTokenHash1: null, antiCsrfToken: null },
    })
    assert.ok(body.refreshToken.expiry > Date.now() + 99 * 86_400_000)
  })

  it('goes on by refreshing, and a lost answer does no harm', async () => {
    const { body: first } = await logIn()
    const { body: lost } = await refresh(first.refreshToken.token)
    assert.equal(lost.status, 'OK')
    const { body: second } = await refresh(first.refreshToken.token)
    assert.equal(second.status, 'OK')
    assert.equal(second.session.handle, first.session.handle)
    assert.notEqual(second.refreshToken.token, lost.refreshToken.token)
    const { body: verified } = await verify(second.accessToken.token)
    assert.equal(verified.status, 'OK')
    assert.equal('accessToken' in verified, false)
    assert.equal((await refresh(second.refreshToken.token)).body.status, 'OK')
  })

  it('ends when a superseded token comes back', async () => {
    const { body: first } = await logIn()
    const { body: second } = await refresh(first.refreshToken.token)
    const { body: third } = await refresh(second.refreshToken.token)
    assert.equal((await refresh(third.refreshToken.token)).body.status, 'OK')
    const { body: stolen } = await refresh(first.refreshToken.token)
    assert.deepEqual(stolen, {
      status: 'TOKEN_THEFT_DETECTED',
      session: { handle: first.session.handle, userId: 'ada', recipeUserId: 'ada' },
    })
    assert.equal((await refresh(third.refreshToken.token)).body.status, 'UNAUTHORISED')
    assert.equal((await verify(third.accessToken.token)).body.status, 'UNAUTHORISED')
  })

  it('keeps its claims, data and key through regenerate, merge and refresh', async () => {
    const { body } = await logIn({ useDynamicSigningKey: false })
    assert.match(String(decodeProtectedHeader(body.accessToken.token).kid), /^s-/)
    const claims = { role: 'reader', nothing: null }
    const changed = await wire.send('POST', '/recipe/session/regenerate', {
      body: { accessToken: body.accessToken.token, userDataInJWT: claims },
    })
    assert.equal(changed.body.status, 'OK')
    assert.deepEqual(changed.body.session.userDataInJWT, claims)
    assert.equal(changed.body.accessToken.expiry, body.accessToken.expiry)
    assert.equal(
      decodeJwt(changed.body.accessToken.token).refreshTokenHash1,
      decodeJwt(body.accessToken.token).refreshTokenHash1,
    )
    assert.match(String(decodeProtectedHeader(changed.body.accessToken.token).kid), /^s-/)
    assert.equal((await verify(changed.body.accessToken.token)).body.status, 'OK')
    const sessionHandle = body.session.handle
    const data = { cart: [] }
    const put = await wire.send('PUT', '/recipe/session/data', {
      body: { sessionHandle, userDataInDatabase: data },
    })
    assert.deepEqual(put.body, { status: 'OK' })
    const { body: read } = await wire.send('GET', `/recipe/session?sessionHandle=${sessionHandle}`)
    assert.deepEqual(read, {
      ...{ status: 'OK', sessionHandle, userId: 'ada', recipeUserId: 'ada', tenantId: 'public' },
      ...{ userDataInDatabase: data, userDataInJWT: claims },
      ...{ expiry: read.expiry, timeCreated: read.timeCreated },
    })
    const { body: next } = await refresh(body.refreshToken.token, { useDynamicSigningKey: true })
    assert.deepEqual(next.session.userDataInJWT, claims)
    assert.match(String(decodeProtectedHeader(next.accessToken.token).kid), /^d-/)
  })

  it('gets a token with the claims of the row when its own are older', async () => {
    const { body } = await logIn()
    const sessionHandle = body.session.handle
    const userDataInJWT = { role: 'nobody' }
    const merged = await wire.send('PUT', '/recipe/jwt/data', {
      body: { sessionHandle, userDataInJWT },
    })
    assert.deepEqual(merged.body, { status: 'OK' })
    const { body: verified } = await verify(body.accessToken.token)
    assert.deepEqual(verified.session.userDataInJWT, userDataInJWT)
    const { body: again } = await verify(verified.accessToken.token)
    assert.equal('accessToken' in again, false)
    const { body: unchecked } = await verify(body.accessToken.token, { checkDatabase: false })
    assert.equal('accessToken' in unchecked, false)
  })

  it('is listed and ended, by its handle and by its user', async () => {
    const handles = []
    for (let count = 0; count < 3; count++) {
      handles.push((await logIn({ userId: 'grace' })).body.session.handle)
    }
    const list = async () => (await wire.send('GET', '/recipe/session/user?userId=grace')).body
    assert.deepEqual(new Set((await list()).sessionHandles), new Set(handles))
    const remove = (body: object) => wire.send('POST', '/recipe/session/remove', { body })
    const one = await remove({ sessionHandles: [handles[0], 'unknown'] })
    assert.deepEqual(one.body, { status: 'OK', sessionHandlesRevoked: [handles[0]] })
    const rest = await remove({ userId: 'grace' })
    assert.deepEqual(new Set(rest.body.sessionHandlesRevoked), new Set(handles.slice(1)))
    assert.deepEqual(await list(), { status: 'OK', sessionHandles: [] })
    assert.equal((await remove({ userId: 'a', sessionHandles: [] })).status, 400)
  })

  it('tells what drivers ask for on the way', async () => {
    const { body } = await wire.send('GET', '/apiversion?apiDomain=a&websiteDomain=b')
    for (const version of ['2.21', '3.0', '3.1', '4.0', '5.0', '5.1', '5.2', '5.3', '5.4']) {
      assert.ok(body.versions.includes(version), version)
    }
    const user = await wire.send('GET', '/user/id?userId=ada')
    assert.deepEqual(user.body, { status: 'UNKNOWN_USER_ID_ERROR' })
    assert.equal((await wire.send('GET', '/hello')).text, 'Hello\n')
  })
})
