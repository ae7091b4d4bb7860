import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type CoreApi, ERRORS, type ErrorCode, type Grant, type Outcome } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { attemptCounter } from '../../src/http/attempt-counter.ts'
import { canonicalAddress } from '../../src/http/canonical-address.ts'
import { createApiKey } from '../../src/http/stored-api-keys.ts'
import { type RunningServer, startServer } from '../../src/index.ts'
import { exchange, httpCoreClient } from '../http-core-client.ts'

const FORGED = 'pawl_rt1.AAAAAAAA.AAAA.AAAAAA'
const order = { name: 'test', scopes: ['admin'], app: null, notAfterMs: null, nowMs: 0 } as const

function valueIn<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

function refuses(outcome: Outcome<unknown>, code: ErrorCode): void {
  assert.equal(outcome.kind === 'refused' ? outcome.code : 'ok', code)
}

describe('the limits on abuse', () => {
  let server: RunningServer
  let core: CoreApi
  let key: string
  before(async () => {
    const store = memoryStore()
    key = (await createApiKey(store, order)).key
    server = await startServer({
      ...{ port: 0, storeInstance: store, logLevel: 'silent' },
      ...{ failuresPerMinute: 5, refreshesPerMinute: 8 },
    })
    core = httpCoreClient(server.url, key)
  })
  after(async () => {
    await core.close()
    await server.close()
  })

  const forge = (clientAddress: string) =>
    core.refreshSession({ refreshTokens: [FORGED], clientAddress })
  const logIn = async (): Promise<Grant> => valueIn(await core.createSession({ userId: 'ada' }))

  it('refuse what one address keeps failing with, and say when to come back', async () => {
    for (let count = 0; count < 5; count++)
      refuses(await forge('192.0.2.1'), 'refresh_token_invalid')
    const refused = await forge('::ffff:192.0.2.1')
    refuses(refused, 'rate_limited')
    const seconds = refused.kind === 'refused' ? refused.retryAfterSeconds : 0
    assert.ok(seconds !== undefined && seconds > 0 && seconds <= 60)
    refuses(await forge('192.0.2.2'), 'refresh_token_invalid')
    const accessToken = 'a.b.c'
    refuses(await core.verifySession({ accessToken, clientAddress: '192.0.2.1' }), 'rate_limited')
  })

  it('take all addresses of one IPv6 site for one', async () => {
    for (let count = 1; count <= 5; count++) await forge(`2001:db8:0:1::${count}`)
    refuses(await forge('2001:DB8::1:ffff:1:1:1'), 'rate_limited')
    refuses(await forge('2001:db8:0:2::1'), 'refresh_token_invalid')
  })

  it('never stand in the way of a valid token from the same address', async () => {
    const clientAddress = '192.0.2.1'
    refuses(await forge(clientAddress), 'rate_limited')
    const grant = await logIn()
    const refreshTokens = [grant.refreshToken.token]
    const next = valueIn(await core.refreshSession({ refreshTokens, clientAddress }))
    valueIn(await core.verifySession({ accessToken: next.accessToken.token, clientAddress }))
  })

  it('hold back tokens of a session that has ended, but never a theft', async () => {
    const grant = await logIn()
    const refresh = (one: Grant) =>
      core.refreshSession({ refreshTokens: [one.refreshToken.token], clientAddress: '192.0.2.1' })
    const second = valueIn(await refresh(grant))
    const third = valueIn(await refresh(second))
    valueIn(await refresh(third))
    const stolen = await refresh(grant)
    if (stolen.kind === 'ok') refuses(await refresh(second), 'token_theft')
    else refuses(stolen, 'token_theft')
    const codes = new Set<string>()
    for (let count = 0; count < 32; count++) {
      const outcome = await refresh(third)
      codes.add(outcome.kind === 'refused' ? outcome.code : 'ok')
    }
    assert.deepEqual([...codes], ['session_ended', 'rate_limited'])
  })

  it('stop a loop of refreshes of one session, which loses nothing by it', async () => {
    let grant = await logIn()
    let turns = 0
    for (; turns < 20; turns++) {
      const next = await core.refreshSession({ refreshTokens: [grant.refreshToken.token] })
      if (next.kind === 'refused') {
        refuses(next, 'rate_limited')
        break
      }
      grant = next.value
    }
    assert.equal(turns, 8)
    const refreshTokens = [FORGED, grant.refreshToken.token]
    refuses(await core.refreshSession({ refreshTokens }), 'rate_limited')
    valueIn(await core.verifySession({ accessToken: grant.accessToken.token, checkStore: true }))
  })

  it('count wrong API keys by the caller, and let the right one pass', async () => {
    const url = `${server.url}/v1/settings`
    const ask = (presented: string) => exchange(url, { headers: { 'api-key': presented } })
    const statuses: number[] = []
    for (let count = 0; count < 7; count++) statuses.push((await ask('wrong')).status)
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429])
    assert.equal((await ask('wrong')).headers['retry-after'] !== undefined, true)
    assert.equal((await ask(key)).status, 200)
    assert.equal(ERRORS.rate_limited.status, 429)
  })
})

describe('a client address', () => {
  it('counts the same in whatever form it is written', () => {
    const forms: readonly (readonly [string, string | undefined])[] = [
      ['192.0.2.1', '192.0.2.1'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['::FFFF:c000:201', '192.0.2.1'],
      ['2001:DB8:0:0:1::1', '2001:db8::/64'],
      ['[2001:db8::1]', '2001:db8::/64'],
      ['fe80::1%eth0', 'fe80::/64'],
      ['3221225985', undefined],
      ['0300.0.2.1', undefined],
      ['192.0.2.1, 192.0.2.2', undefined],
      ['', undefined],
    ]
    for (const [text, canonical] of forms) assert.equal(canonicalAddress(text), canonical, text)
  })
})

describe('a counter of attempts', () => {
  it('admits so many in a window, and again in the next', () => {
    let nowMs = 0
    const limits = { max: 2, windowMs: 60_000, keysMax: 10, elapsedMs: () => nowMs }
    const counter = attemptCounter(limits)
    assert.deepEqual([counter.add('a'), counter.add('a'), counter.add('a')], [0, 0, 60])
    nowMs = 59_999
    assert.equal(counter.add('a'), 1)
    nowMs = 60_000
    assert.equal(counter.add('a'), 0)
  })

  it('forgets the key not seen for longest instead of growing', () => {
    const limits = { max: 1, windowMs: 60_000, keysMax: 3, elapsedMs: () => 0 }
    const counter = attemptCounter(limits)
    for (const key of ['a', 'b', 'c', 'a', 'd']) counter.add(key)
    assert.ok(counter.wait('a') > 0)
    assert.equal(counter.wait('b'), 0)
  })
})
