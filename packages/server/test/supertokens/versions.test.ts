import assert from 'node:assert/strict'
import { createPublicKey, verify as verifySignature } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { startWire, type WireAnswer, type WireServer } from './wire-client.ts'

const LOG_IN = {
  ...{ userId: 'ada', userDataInJWT: { role: 'admin' }, userDataInDatabase: {} },
  enableAntiCsrf: false,
}
const REFRESH = { enableAntiCsrf: false, useDynamicSigningKey: true }

describe('versions of the compatible wire', () => {
  let wire: WireServer
  before(async () => {
    wire = await startWire()
  })
  after(() => wire.server.close())

  const post = (path: string, version: string, body: object): Promise<WireAnswer> =>
    wire.send('POST', path, { version, body })

  it('differ in the token and in what answers name', async () => {
    const expected = [
      ['2.21', '3', ['handle', 'userId', 'userDataInJWT']],
      ['3.0', '4', ['handle', 'userId', 'userDataInJWT', 'tenantId']],
      ['3.1', '4', ['handle', 'userId', 'userDataInJWT', 'tenantId']],
      ['4.0', '5', ['handle', 'userId', 'recipeUserId', 'userDataInJWT', 'tenantId']],
      ['5.4', '5', ['handle', 'userId', 'recipeUserId', 'userDataInJWT', 'tenantId']],
    ] as const
    for (const [version, tokenVersion, members] of expected) {
      const { body } = await post('/recipe/session', version, LOG_IN)
      assert.deepEqual(Object.keys(body.session), members, version)
      const { token } = body.accessToken
      assert.equal(decodeProtectedHeader(token).version, tokenVersion)
      assert.equal('tId' in decodeJwt(token), tokenVersion !== '3')
      assert.equal('rsub' in decodeJwt(token), tokenVersion === '5')
      const next = await post('/recipe/session/refresh', '5.4', {
        ...REFRESH,
        refreshToken: body.refreshToken.token,
      })
      assert.equal(decodeProtectedHeader(next.body.accessToken.token).version, '5')
      const checks = { doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: true }
      const verified = await post('/recipe/session/verify', '5.4', {
        ...checks,
        accessToken: token,
      })
      assert.equal(verified.body.status, 'OK', version)
    }
  })

  it('are refused by name where they are not served', async () => {
    for (const version of ['1.0', '2.6', '6.0', '5.7', 'x', '5']) {
      const { status, text } = await wire.send('GET', '/user/id?userId=a', { version })
      assert.equal(status, 400)
      assert.equal(text, `cdi-version ${version} not supported\n`)
    }
    assert.equal((await wire.send('GET', '/user/id?userId=a', { version: null })).status, 200)
  })

  it('older than the key set create sessions that go on with a newer one', async () => {
    const { status, body } = await post('/recipe/session', '2.18', LOG_IN)
    assert.equal(status, 200)
    const [header = '', payload = '', signature = ''] = body.accessToken.token.split('.')
    const exact = Buffer.from('{"alg":"RS256","typ":"JWT","version":"2"}').toString('base64')
    assert.equal(header, exact)
    const claims = JSON.parse(Buffer.from(payload, 'base64').toString())
    assert.equal(Buffer.from(JSON.stringify(claims)).toString('base64'), payload)
    const { refreshTokenHash1, ...rest } = claims
    assert.deepEqual(rest, {
      sessionHandle: body.session.handle,
      userId: 'ada',
      userData: { role: 'admin' },
      expiryTime: body.accessToken.expiry,
      timeCreated: body.accessToken.createdTime,
    })
    const key = Buffer.from(body.jwtSigningPublicKey, 'base64')
    const publicKey = createPublicKey({ key, format: 'der', type: 'spki' })
    const data = Buffer.from(`${header}.${payload}`)
    const mark = Buffer.from(signature, 'base64')
    assert.equal(verifySignature('sha256', data, publicKey, mark), true)
    const next = await post('/recipe/session/refresh', '5.4', {
      ...REFRESH,
      refreshToken: body.refreshToken.token,
    })
    assert.equal(next.body.status, 'OK')
    assert.deepEqual(next.body.session.userDataInJWT, { role: 'admin' })
    const refresh = await post('/recipe/session/refresh', '2.18', {})
    assert.deepEqual([refresh.status, refresh.text], [404, 'Not found\n'])
  })

  it('refuse a refresh of a session whose claims have names that are protected by now', async () => {
    const userDataInJWT = { sub: 'somebody', sessionHandle: 'x' }
    const { body } = await post('/recipe/session', '2.18', { ...LOG_IN, userDataInJWT })
    assert.equal(body.status, 'OK')
    const next = await post('/recipe/session/refresh', '5.4', {
      ...REFRESH,
      refreshToken: body.refreshToken.token,
    })
    assert.deepEqual(next.body, {
      status: 'UNAUTHORISED',
      message: 'The user payload contains protected field',
    })
    for (const [version, name] of [
      ['2.21', 'sub'],
      ['3.0', 'tId'],
      ['4.0', 'rsub'],
    ] as const) {
      const refused = await post('/recipe/session', version, {
        ...LOG_IN,
        userDataInJWT: { [name]: 'x' },
      })
      assert.equal(refused.status, 400)
      assert.equal(refused.text, 'The user payload contains protected field\n')
    }
    const allowed = await post('/recipe/session', '2.21', {
      ...LOG_IN,
      userDataInJWT: { tId: 'x' },
    })
    assert.deepEqual(allowed.body.session.userDataInJWT, { tId: 'x' })
  })

  it('5.6 verifies without handing out tokens', async () => {
    const { body } = await post('/recipe/session', '5.6', LOG_IN)
    const sessionHandle = body.session.handle
    const put = { sessionHandle, userDataInJWT: { role: 'nobody' } }
    await wire.send('PUT', '/recipe/jwt/data', { body: put })
    const checks = { doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: true }
    const verified = await post('/recipe/session/verify', '5.6', {
      ...{ ...checks, accessToken: body.accessToken.token },
    })
    assert.equal(verified.body.payloadUpdateAvailable, true)
    assert.equal('accessToken' in verified.body, false)
  })

  it('ask for their fields in their own words', async () => {
    const refused = [
      await post('/recipe/session', '5.4', { ...LOG_IN, userId: 7 }),
      await post('/recipe/session/refresh', '5.4', { refreshToken: 'x', enableAntiCsrf: false }),
      await wire.send('GET', '/recipe/session'),
      await wire.send('POST', '/recipe/session', { body: [] }),
      await wire.send('DELETE', '/recipe/session'),
      await wire.send('POST', '/recipe/signup', { body: {} }),
    ]
    assert.deepEqual(
      refused.map(({ status, text }) => [status, text]),
      [
        [400, "Field name 'userId' is invalid in JSON input\n"],
        [400, "Field name 'useDynamicSigningKey' is invalid in JSON input\n"],
        [400, "Field name 'sessionHandle' is missing in GET request\n"],
        [400, 'Invalid Json Input\n'],
        [405, 'Method not supported\n'],
        [
          404,
          'Not found: Pawl keeps sessions; it does not serve the recipe signup (asked for: /recipe/signup)\n',
        ],
      ],
    )
    for (const { headers } of refused) {
      assert.equal(headers.get('content-type'), 'text/html; charset=UTF-8')
    }
  })
})
