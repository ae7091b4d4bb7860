import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { StoreError } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { startServer } from '../../src/index.ts'
import { exchange } from '../http-core-client.ts'

const headers = { 'content-type': 'application/json' }
const logLevel = 'silent'

describe('a service under pressure', () => {
  it('answers 503 at once beyond its bound, and works again afterwards', async (t) => {
    const store = memoryStore()
    const gate = Promise.withResolvers<void>()
    const full = Promise.withResolvers<void>()
    let waiting = 0
    const storeInstance = {
      ...store,
      async find(key: Parameters<typeof store.find>[0]) {
        waiting += 1
        if (waiting === 4) full.resolve()
        await gate.promise
        return store.find(key)
      },
    }
    const server = await startServer({ port: 0, storeInstance, inFlightMax: 4, logLevel })
    t.after(() => server.close())
    const url = `${server.url}/v1/sessions/${'A'.repeat(22)}`
    const four = () => Promise.all(Array.from({ length: 4 }, () => exchange(url)))
    const accepted = four()
    await full.promise
    for (const { status, headers: answered } of await four()) {
      assert.equal(status, 503)
      assert.match(String(answered['retry-after']), /^[1-5]$/)
    }
    // Who watches it, and who only needs its keys, is answered all the same.
    const spared = [
      '/health/live',
      '/health/ready',
      '/metrics',
      '/.well-known/openid-configuration',
    ]
    for (const path of [
      ...spared,
      '/.well-known/jwks.json',
      '/apps/default/.well-known/jwks.json',
    ]) {
      assert.equal((await exchange(server.url + path)).status, 200, path)
    }
    const disguised = await exchange(`${url}?/.well-known/jwks.json`)
    assert.equal(disguised.status, 503)
    gate.resolve()
    for (const { status } of await accepted) assert.equal(status, 404)
    assert.equal((await exchange(url)).status, 404)
  })

  it('drops a refresh that waited too long for its app, undecided', async (t) => {
    const quick = { accessTtlSeconds: 1, raceWindowMs: 100 }
    const server = await startServer({ port: 0, storeInstance: memoryStore(), logLevel })
    t.after(() => server.close())
    await exchange(`${server.url}/v1/apps/quick`, {
      method: 'PUT',
      headers,
      body: { settings: quick },
    })
    const created = await exchange(`${server.url}/apps/quick/v1/sessions`, {
      ...{ method: 'POST', headers, body: { userId: 'ada' } },
    })
    const { refreshToken } = created.body as { refreshToken: { token: string } }
    const body = JSON.stringify({ refreshTokens: [refreshToken.token] })
    const head = `POST /apps/quick/v1/sessions/refresh HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.write(head + body.slice(0, 10))
    // The rest arrives after half the race window: the wait is what is tested.
    setTimeout(() => socket.write(body.slice(10)), 200)
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    assert.match(answer, /^HTTP\/1\.1 503 /)
    assert.match(answer, /retry-after: [1-5]\r/i)
    const again = await exchange(`${server.url}/apps/quick/v1/sessions/refresh`, {
      ...{ method: 'POST', headers, body },
    })
    assert.equal((again.body as { rule?: string }).rule, 'current')
  })

  it('is alive but not ready while its store is gone, and says nothing of what the store said', async (t) => {
    const storeInstance = memoryStore()
    const server = await startServer({ port: 0, storeInstance, logLevel })
    t.after(() => server.close())
    await storeInstance.close()
    assert.equal((await exchange(`${server.url}/health/live`)).status, 200)
    const ready = await exchange(`${server.url}/health/ready`)
    assert.equal(ready.status, 503)
    assert.match(String(ready.headers['retry-after']), /^[1-5]$/)
  })

  it('shows nothing of a fault of its own', async (t) => {
    const lines: string[] = []
    const storeInstance = {
      ...memoryStore(),
      find: () => Promise.reject(new Error('canary in the engine')),
      listByUser: () => Promise.reject(new StoreError('corrupt', 'canary in a row')),
    }
    const server = await startServer({
      ...{ port: 0, storeInstance, logLevel: 'info' },
      logSink: (line) => lines.push(line),
    })
    t.after(() => server.close())
    const failed = await exchange(`${server.url}/v1/sessions/${'A'.repeat(22)}`)
    assert.equal(failed.status, 500)
    assert.equal((failed.body as { code: string }).code, 'internal')
    const corrupt = await exchange(`${server.url}/v1/sessions?userId=ada`)
    assert.equal(corrupt.status, 503)
    assert.doesNotMatch(JSON.stringify([failed, corrupt]), /canary|\.ts/)
    assert.match(lines.join(''), /canary in the engine/)
    const requestId = String(failed.headers['x-request-id'])
    assert.ok(lines.some((line) => line.includes(requestId) && line.includes('"err"')))
  })
})
