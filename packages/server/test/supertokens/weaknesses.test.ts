import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { EpochMs, SessionEvent } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { decodeJwt } from 'jose'
import { senderOf, startWire, type WireAnswer, type WireServer } from './wire-client.ts'

const LOG_IN = {
  ...{ userId: 'ada', userDataInJWT: {}, userDataInDatabase: {}, enableAntiCsrf: false },
}
const CHECKS = { doAntiCsrfCheck: false, enableAntiCsrf: false }
const SECRET = ['0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH']

type Body = WireAnswer['body']

/** A driver's calls to a service. */
function callsOf(send: WireServer['send']) {
  const post = async (path: string, body: object): Promise<Body> =>
    (await send('POST', path, { body })).body
  return {
    post,
    logIn: (more: object = {}) => post('/recipe/session', { ...LOG_IN, ...more }),
    refresh: (refreshToken: string) =>
      post('/recipe/session/refresh', {
        ...{ refreshToken, enableAntiCsrf: false, useDynamicSigningKey: true },
      }),
    verify: (accessToken: string, checkDatabase = true) =>
      post('/recipe/session/verify', { accessToken, checkDatabase, ...CHECKS }),
  }
}

describe('over the compatible wire', () => {
  const store = memoryStore()
  let nowMs = Date.now()
  /** How far each look at the clock moves it: with 1, no two things happen in one millisecond. */
  let tickMs = 0
  const events: SessionEvent[] = []
  let wire: WireServer
  before(async () => {
    const clock = {
      nowMs() {
        nowMs += tickMs
        return nowMs as EpochMs
      },
    }
    const onEvent = (event: SessionEvent) => void events.push(event)
    wire = await startWire({
      storeInstance: store,
      clock,
      onEvent,
      compatIdleTimeoutSeconds: 7_200,
    })
  })
  after(() => wire.server.close())

  it('an access token holds nothing that a refresh token could be made of', async () => {
    const { logIn } = callsOf(wire.send)
    const { accessToken, refreshToken } = await logIn()
    const { token } = refreshToken
    const hash1 = hash('sha256', token, 'buffer')
    const said = `${accessToken.token} ${JSON.stringify(decodeJwt(accessToken.token))}`
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      assert.equal(said.includes(hash1.toString(encoding)), false)
    }
  })

  it('two refreshes at once are both good, and neither becomes a theft later', async () => {
    const { logIn, refresh } = callsOf(wire.send)
    const first = await logIn()
    const { token } = first.refreshToken
    const [one, other] = await Promise.all([refresh(token), refresh(token)])
    const kept = await refresh(other.refreshToken.token)
    assert.equal(kept.status, 'OK')
    assert.equal((await refresh(one.refreshToken.token)).status, 'OK')
  })

  it('regenerate takes no token that it did not sign', async () => {
    const { logIn, post } = callsOf(wire.send)
    const { accessToken } = await logIn()
    const [header = '', payload = '', signature = ''] = accessToken.token.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'eve', rsub: 'eve' }))
    const none = Buffer.from('{"alg":"none","typ":"JWT","version":"5","kid":"x"}')
    for (const token of [
      `${header}.${forged.toString('base64url')}.${signature}`,
      `${none.toString('base64url')}.${payload}.`,
      'nonsense',
    ]) {
      const body = { accessToken: token, userDataInJWT: { role: 'admin' } }
      const answer = await post('/recipe/session/regenerate', body)
      assert.equal(answer.status, 'UNAUTHORISED')
      assert.equal(typeof answer.message, 'string')
    }
  })

  it('regenerate of an expired token changes the claims and gives out no token', async () => {
    const { logIn, post } = callsOf(wire.send)
    const { accessToken, session } = await logIn()
    nowMs += 3_700_000
    const body = { accessToken: accessToken.token, userDataInJWT: { role: 'admin' } }
    const answer = await post('/recipe/session/regenerate', body)
    assert.equal(answer.status, 'OK')
    assert.equal('accessToken' in answer, false)
    const query = `/recipe/session?sessionHandle=${session.handle}`
    assert.deepEqual((await wire.send('GET', query)).body.userDataInJWT, { role: 'admin' })
  })

  it('a session past its end is refused, though nobody has swept it', async () => {
    const { logIn, refresh } = callsOf(wire.send)
    const { refreshToken, session } = await logIn()
    nowMs += 7_300_000
    assert.equal((await refresh(refreshToken.token)).status, 'UNAUTHORISED')
    const query = `/recipe/session?sessionHandle=${session.handle}`
    assert.equal((await wire.send('GET', query)).body.status, 'UNAUTHORISED')
  })

  it('claims and data written while a session rotates undo no rotation', async () => {
    const { logIn, refresh } = callsOf(wire.send)
    let { refreshToken, session } = await logIn()
    const { handle: sessionHandle } = session
    for (let round = 0; round < 10; round++) {
      const put = (path: string, body: object) => wire.send('PUT', path, { body })
      const [next] = await Promise.all([
        refresh(refreshToken.token),
        put('/recipe/jwt/data', { sessionHandle, userDataInJWT: { round } }),
        put('/recipe/session/data', { sessionHandle, userDataInDatabase: { round } }),
      ])
      assert.equal(next.status, 'OK')
      refreshToken = next.refreshToken
    }
    const { body } = await wire.send('GET', `/recipe/session?sessionHandle=${sessionHandle}`)
    assert.deepEqual([body.userDataInJWT, body.userDataInDatabase], [{ round: 9 }, { round: 9 }])
  })

  it('payloads have bounds, and nothing is written beyond them', async () => {
    const text = 'x'.repeat(9_000)
    for (const more of [{ userDataInJWT: { text } }, { userDataInDatabase: { text } }]) {
      const body = { ...LOG_IN, userId: 'bounded', ...more }
      assert.equal((await wire.send('POST', '/recipe/session', { body })).status, 400)
    }
    const { body } = await wire.send('GET', '/recipe/session/user?userId=bounded')
    assert.deepEqual(body.sessionHandles, [])
  })

  it('log-ins that race the end of all of a user’s sessions do not outlive it', async () => {
    const { logIn, post, refresh } = callsOf(wire.send)
    const statusOf = async (grant: Body) => (await refresh(grant.refreshToken.token)).status
    tickMs = 1
    try {
      const racing = Array.from({ length: 20 }, () => logIn({ userId: 'racer' }))
      const ended = post('/recipe/session/remove', { userId: 'racer' })
      // One that had come already when the cut-off was set, but was not there yet, gets nothing.
      const grants = (await Promise.all(racing)).filter((answer) => answer?.status === 'OK')
      await ended
      grants.push(await logIn({ userId: 'racer' }))
      const statuses = await Promise.all(grants.map(statusOf))
      const isOver = new Set(
        events.flatMap((event) => (event.kind === 'ended' ? event.handle : [])),
      )
      const made = events.filter(({ kind, userId }) => kind === 'created' && userId === 'racer')
      const madeAtMs = (over: boolean): readonly number[] =>
        made.filter(({ handle }) => isOver.has(handle) === over).map(({ atMs }) => atMs)
      const [dead, alive] = [madeAtMs(true), madeAtMs(false)]
      assert.equal(statuses.at(-1), 'OK')
      assert.equal(statuses.filter((status) => status === 'OK').length, alive.length)
      // Whoever lives came after the end of all, and so after everybody whom it met.
      assert.ok(Math.max(0, ...dead) < Math.min(...alive))
    } finally {
      tickMs = 0
    }
  })
})

describe('cores that start together', () => {
  it('make one static key and one key for RS256 between them', async () => {
    const storeInstance = memoryStore()
    const options = { storeInstance, secret: SECRET }
    const wires = await Promise.all([startWire(options), startWire(options), startWire(options)])
    try {
      const jwt = {
        ...{ payload: {}, validity: 60, algorithm: 'RS256', jwksDomain: 'https://a.example' },
      }
      await Promise.all(
        wires.flatMap(({ send }) => [
          send('POST', '/recipe/session', { body: { ...LOG_IN, useDynamicSigningKey: false } }),
          send('POST', '/recipe/jwt', { body: jwt }),
        ]),
      )
      assert.equal((await storeInstance.listRecords('static-key', 'default')).length, 1)
      assert.equal((await storeInstance.listRecords('rsa-key', 'default')).length, 1)
      const records = JSON.stringify(await storeInstance.listRecords('rsa-key', 'default'))
      assert.doesNotMatch(records, /PRIVATE KEY|MIIG|MIIE/)
    } finally {
      // One store for all: the first to close closes it.
      await Promise.allSettled(wires.map(({ server }) => server.close()))
    }
  })
})

describe('wrong API keys of the compatible wire', () => {
  it('are limited by address, and never stand in the way of the right one', async () => {
    const apiKey = 'abcdefghijklmnopqrstuvwxyz'
    const wire = await startWire({ compatApiKeys: [apiKey], failuresPerMinute: 5 })
    try {
      const send = senderOf(wire.server.url)
      const ask = async (key: string) =>
        (await send('GET', '/apiversion', { headers: { 'api-key': key } })).status
      const statuses = []
      for (let count = 0; count < 7; count++) statuses.push(await ask('wrong'))
      assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429])
      assert.equal(await ask(apiKey), 200)
    } finally {
      await wire.server.close()
    }
  })
})
