import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { decodeJwt } from 'jose'
import { startWire, type WireAnswer, type WireServer } from './wire-client.ts'

const LOG_IN = {
  userId: 'ada',
  userDataInJWT: {},
  userDataInDatabase: {},
  enableAntiCsrf: false,
}
const CHECKS = { doAntiCsrfCheck: false, enableAntiCsrf: false }

describe('strict rotation', () => {
  let wire: WireServer
  before(async () => {
    wire = await startWire({ compatStrictRotation: 'true' })
  })
  after(() => wire.server.close())

  const post = async (path: string, body: object): Promise<WireAnswer['body']> =>
    (await wire.send('POST', path, { body })).body
  const refresh = (refreshToken: string) =>
    post('/recipe/session/refresh', {
      ...{ refreshToken, enableAntiCsrf: false, useDynamicSigningKey: true },
    })
  const verify = (accessToken: string, checkDatabase = false) =>
    post('/recipe/session/verify', { accessToken, checkDatabase, ...CHECKS })
  const parentOf = (token: string) => decodeJwt(token).parentRefreshTokenHash1

  it('names the parent until the first use, which is answered with a token that does not', async () => {
    const first = await post('/recipe/session', LOG_IN)
    assert.equal(parentOf(first.accessToken.token), null)
    const second = await refresh(first.refreshToken.token)
    assert.equal(typeof parentOf(second.accessToken.token), 'string')
    const used = await verify(second.accessToken.token)
    assert.equal(used.status, 'OK')
    assert.equal(parentOf(used.accessToken.token), null)
    const again = await verify(used.accessToken.token, true)
    assert.equal(again.status, 'OK')
    assert.equal('accessToken' in again, false)
    const twice = await verify(second.accessToken.token)
    assert.equal(parentOf(twice.accessToken.token), null)
  })

  it('takes the parent for stolen as soon as its child was used', async () => {
    const first = await post('/recipe/session', LOG_IN)
    const second = await refresh(first.refreshToken.token)
    await verify(second.accessToken.token)
    const stolen = await refresh(first.refreshToken.token)
    assert.equal(stolen.status, 'TOKEN_THEFT_DETECTED')
    assert.equal((await verify(second.accessToken.token, true)).status, 'UNAUTHORISED')
  })

  it('lets the parent be refreshed again while no child of it was used', async () => {
    const first = await post('/recipe/session', LOG_IN)
    const lost = await refresh(first.refreshToken.token)
    const second = await refresh(first.refreshToken.token)
    assert.equal(second.status, 'OK')
    assert.equal((await verify(second.accessToken.token)).status, 'OK')
    assert.equal((await verify(lost.accessToken.token)).status, 'TRY_REFRESH_TOKEN')
    assert.equal((await refresh(lost.refreshToken.token)).status, 'TOKEN_THEFT_DETECTED')
  })

  it('can be had by one app alone, and left by one', async () => {
    const put = (appId: string, strict_rotation: boolean) =>
      wire.send('PUT', '/recipe/multitenancy/app/v2', {
        body: { appId, coreConfig: { strict_rotation } },
      })
    assert.equal((await put('lenient', false)).body.createdNew, true)
    const first = await post('/appid-lenient/recipe/session', LOG_IN)
    const body = { enableAntiCsrf: false, useDynamicSigningKey: true }
    const path = '/appid-lenient/recipe/session/refresh'
    const second = await post(path, { ...body, refreshToken: first.refreshToken.token })
    assert.equal(parentOf(second.accessToken.token), null)
    const foreign = await refresh(first.refreshToken.token)
    assert.equal(foreign.status, 'UNAUTHORISED')
  })
})

describe('a displaced grant', () => {
  it('is told to refresh, which is where the theft is found', async () => {
    const wire = await startWire({ raceWindowMs: 0 })
    const post = async (path: string, body: object): Promise<WireAnswer['body']> =>
      (await wire.send('POST', path, { body })).body
    const refresh = (refreshToken: string) =>
      post('/recipe/session/refresh', {
        ...{ refreshToken, enableAntiCsrf: false, useDynamicSigningKey: true },
      })
    const check = (accessToken: string) =>
      post('/recipe/session/verify', { accessToken, checkDatabase: true, ...CHECKS })
    try {
      const first = await post('/recipe/session', LOG_IN)
      const thief = await refresh(first.refreshToken.token)
      const victim = await refresh(first.refreshToken.token)
      assert.equal((await check(thief.accessToken.token)).status, 'OK')
      assert.equal((await check(victim.accessToken.token)).status, 'OK')
      await refresh(victim.refreshToken.token)
      assert.equal((await check(thief.accessToken.token)).status, 'TRY_REFRESH_TOKEN')
      assert.equal((await refresh(thief.refreshToken.token)).status, 'TOKEN_THEFT_DETECTED')
      assert.equal((await check(victim.accessToken.token)).status, 'UNAUTHORISED')
    } finally {
      await wire.server.close()
    }
  })
})
