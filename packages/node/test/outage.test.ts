import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { EpochMs } from '@pawl/core'
import { generateSecret, joinToken } from '@pawl/embedded'
import { createPawl, PawlError } from '@pawl/node'
import { API_KEY_PREFIX } from '@pawl/protocol'
import { startServer } from '@pawl/server'
import { memoryStore } from '@pawl/store-testkit'
import { browser, REFRESH, SIGN_OUT } from './support/browser.ts'
import { verdictOf } from './support/open-pawl.ts'
import { manualSchedule, testClock } from './support/test-clock.ts'

const MINUTE_MS = 60_000

/** A port that is free now; the core comes back to it after its outage. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('a core that dies mid-way ends no session: reads go on, the rest is 503 until it is back', async (context) => {
  const clock = testClock()
  const shared = {
    port: await freePort(),
    storeInstance: { ...memoryStore(), close: async () => {} },
    secret: [generateSecret()],
    clock: { nowMs: () => clock.now as EpochMs },
    logSink: () => {},
  }
  const first = await startServer(shared)
  const faults: string[] = []
  const pawl = createPawl({
    core: first.url,
    clock: clock.nowMs,
    schedule: manualSchedule().schedule,
    onFault: ({ message }) => faults.push(message),
  })
  context.after(() => pawl.close())
  const alice = browser(pawl)
  const login = () => pawl.createSession(alice.request('POST', '/login'), { userId: 'alice' })
  alice.keep((await login()).headers)
  assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session')
  const jar = new Map(alice.jar)

  await first.close()
  clock.advance(10 * MINUTE_MS)
  assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session')
  const checked = await pawl.guard(alice.request('GET', '/'), { checkStore: true })
  assert.ok(checked.kind === 'refused')
  const refresh = await alice.call(REFRESH)
  const signOut = await alice.call(SIGN_OUT)
  for (const response of [checked.response, refresh, signOut]) {
    assert.equal(response.status, 503)
    assert.ok(Number(response.headers.get('retry-after')) > 0)
    assert.deepEqual(response.headers.getSetCookie(), [])
    assert.equal(response.headers.get('pawl-session'), null)
  }
  await assert.rejects(login(), (error) => error instanceof PawlError && error.status === 503)
  assert.deepEqual(alice.jar, jar)
  assert.ok(faults.length > 0)

  clock.advance(6 * MINUTE_MS)
  assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'access_token_expired')
  const second = await startServer(shared)
  context.after(() => second.close())
  assert.equal((await alice.call(REFRESH)).status, 200)
  assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'session')
})

test('a driver that starts before its core says 503, never 401, and recovers', async (context) => {
  const clock = testClock()
  const port = await freePort()
  const pawl = createPawl({
    core: `http://127.0.0.1:${port}`,
    clock: clock.nowMs,
    onFault: () => {},
  })
  context.after(() => pawl.close())
  const alice = browser(pawl)
  alice.jar.set('__Host-pawl-at', 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA')
  const result = await pawl.guard(alice.request('GET', '/'))
  assert.ok(result.kind === 'refused' && result.response.status === 503)
  assert.equal(await pawl.ready(), false)
  const server = await startServer({ port, storeInstance: memoryStore(), logSink: () => {} })
  context.after(() => server.close())
  clock.advance(2_000)
  assert.equal(await pawl.ready(), true)
  assert.equal(await verdictOf(pawl, alice.request('GET', '/')), 'access_token_invalid')
})

test('a driver with the right key is served; with a wrong one its visitors see 503, not 401', async (context) => {
  const keyOf = (id: string) => joinToken(API_KEY_PREFIX, { id, payload: 'k'.repeat(43) })
  const store = { storeInstance: memoryStore(), logSink: () => {} }
  const server = await startServer({ ...store, port: 0, apiKeys: [keyOf('aaaaaaaa')] })
  context.after(() => server.close())
  const statusOf = async (apiKey: string) => {
    const faults: string[] = []
    const onFault = ({ message }: { message: string }) => faults.push(message)
    const pawl = createPawl({ core: server.url, apiKey, onFault })
    context.after(() => pawl.close())
    const request = browser(pawl).request('POST', '/login')
    return pawl.createSession(request, { userId: 'alice' }).then(
      () => 200,
      (error) => (error instanceof PawlError ? [error.status, faults.join()] : error),
    )
  }
  assert.equal(await statusOf(keyOf('aaaaaaaa')), 200)
  const refused = [503, 'the core refuses this driver: api_key_required']
  assert.deepEqual(await statusOf(keyOf('bbbbbbbb')), refused)
})
