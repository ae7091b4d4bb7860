import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { decodeJwt } from 'jose'
import { startWire, type WireAnswer, type WireServer } from './wire-client.ts'

const LOG_IN = { userId: 'ada', userDataInJWT: {}, userDataInDatabase: {} }

describe('anti-CSRF by token', () => {
  let wire: WireServer
  before(async () => {
    wire = await startWire()
  })
  after(() => wire.server.close())

  const post = async (path: string, body: object): Promise<WireAnswer['body']> =>
    (await wire.send('POST', path, { body })).body
  const logIn = (enableAntiCsrf: boolean) => post('/recipe/session', { ...LOG_IN, enableAntiCsrf })
  const refresh = (refreshToken: string, more: object) =>
    post('/recipe/session/refresh', { refreshToken, useDynamicSigningKey: true, ...more })
  const verify = (accessToken: string, more: object) =>
    post('/recipe/session/verify', {
      ...{ accessToken, checkDatabase: false, doAntiCsrfCheck: true, enableAntiCsrf: true },
      ...more,
    })

  it('gives a token with each grant, in the answer and in the access token', async () => {
    const first = await logIn(true)
    assert.equal(decodeJwt(first.accessToken.token).antiCsrfToken, first.antiCsrfToken)
    const { antiCsrfToken } = first
    const next = await refresh(first.refreshToken.token, { enableAntiCsrf: true, antiCsrfToken })
    assert.equal(next.status, 'OK')
    assert.notEqual(next.antiCsrfToken, antiCsrfToken)
    assert.equal(decodeJwt(next.accessToken.token).antiCsrfToken, next.antiCsrfToken)
  })

  it('refuses a refresh without it, and the session goes on', async () => {
    const first = await logIn(true)
    const { token } = first.refreshToken
    for (const antiCsrfToken of [undefined, 'wrong', '']) {
      const refused = await refresh(token, { enableAntiCsrf: true, antiCsrfToken })
      assert.equal(refused.status, 'UNAUTHORISED')
      assert.equal(typeof refused.message, 'string')
    }
    const { antiCsrfToken } = first
    assert.equal((await refresh(token, { enableAntiCsrf: true, antiCsrfToken })).status, 'OK')
  })

  it('is verified where the driver asks for it', async () => {
    const { accessToken, antiCsrfToken } = await logIn(true)
    const statuses = [
      await verify(accessToken.token, { antiCsrfToken }),
      await verify(accessToken.token, { antiCsrfToken: 'wrong' }),
      await verify(accessToken.token, {}),
      await verify(accessToken.token, { doAntiCsrfCheck: false }),
      await verify(accessToken.token, { enableAntiCsrf: false }),
    ].map(({ status }) => status)
    assert.deepEqual(statuses, ['OK', 'TRY_REFRESH_TOKEN', 'TRY_REFRESH_TOKEN', 'OK', 'OK'])
  })

  it('may be turned on and off while sessions live', async () => {
    const without = await logIn(false)
    assert.equal(decodeJwt(without.accessToken.token).antiCsrfToken, null)
    const guarded = await refresh(without.refreshToken.token, { enableAntiCsrf: true })
    assert.equal(typeof guarded.antiCsrfToken, 'string')
    const bare = await refresh(guarded.refreshToken.token, { enableAntiCsrf: false })
    assert.equal(bare.status, 'OK')
    assert.equal('antiCsrfToken' in bare, false)
    assert.equal((await refresh(bare.refreshToken.token, { enableAntiCsrf: true })).status, 'OK')
  })
})
