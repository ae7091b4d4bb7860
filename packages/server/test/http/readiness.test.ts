import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, it } from 'node:test'
import type { EpochMs } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { readiness, type UnreadyReason } from '../../src/http/readiness.ts'
import { startServer } from '../../src/index.ts'
import { exchange } from '../http-core-client.ts'

const logLevel = 'silent'

describe('readiness', () => {
  function setUp() {
    const pings: PromiseWithResolvers<void>[] = []
    let nowMs = 0
    const known: UnreadyReason[] = []
    const judge = readiness({
      ping() {
        const ping = Promise.withResolvers<void>()
        pings.push(ping)
        return ping.promise
      },
      knownFaults: () => known,
      elapsedMs: () => nowMs,
    })
    const pass = (ms: number) => {
      nowMs += ms
    }
    return { pings, known, judge, pass }
  }

  it('asks the store once, however many ask, and again after a second', async () => {
    const { pings, judge, pass } = setUp()
    const many = Promise.all(Array.from({ length: 500 }, judge))
    assert.equal(pings.length, 1)
    pings[0]?.resolve()
    assert.deepEqual((await many).flat(), [])
    pass(999)
    await judge()
    assert.equal(pings.length, 1)
    pass(1)
    const later = judge()
    assert.equal(pings.length, 2)
    pings[1]?.reject(new Error('gone'))
    assert.deepEqual(await later, ['store-unavailable'])
    assert.deepEqual(await judge(), ['store-unavailable'])
    assert.equal(pings.length, 2)
  })

  it('keeps one ping under way while the store hangs, and gives it up in the end', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { pings, judge, pass } = setUp()
    const first = judge()
    pass(8_000)
    t.mock.timers.tick(8_000)
    const second = judge()
    assert.equal(pings.length, 1)
    pass(22_000)
    void judge()
    assert.equal(pings.length, 2)
    pings[0]?.resolve()
    void judge()
    assert.equal(pings.length, 2, 'the answer of the one given up is nobody’s')
    return Promise.all([first, second]).then((reasons) => {
      assert.deepEqual(reasons, [['store-unavailable'], ['store-unavailable']])
    })
  })

  it('tells all reasons, and leaves the store alone when it is stopping', async () => {
    const { pings, known, judge } = setUp()
    known.push('clock-skew')
    const both = judge()
    pings[0]?.reject(new Error('gone'))
    assert.deepEqual(await both, ['clock-skew', 'store-unavailable'])
    known.push('stopping')
    assert.deepEqual(await judge(), ['clock-skew', 'stopping'])
    assert.equal(pings.length, 1)
  })
})

describe('a probe', () => {
  it('makes at most one ping of a store, not one a request', async (t) => {
    let pings = 0
    const store = memoryStore()
    const storeInstance = {
      ...store,
      ping() {
        pings += 1
        return store.ping()
      },
    }
    const server = await startServer({ port: 0, storeInstance, logLevel })
    t.after(() => server.close())
    const asked = Array.from({ length: 50 }, () => exchange(`${server.url}/health/ready`))
    for (const { status } of await Promise.all(asked)) assert.equal(status, 200)
    // A second one only if the fifty took longer than a second.
    assert.ok(pings <= 2, String(pings))
  })

  it('is told why the service is not ready, in words that stay', async (t) => {
    const storeInstance = memoryStore()
    const server = await startServer({ port: 0, storeInstance, logLevel })
    t.after(() => server.close())
    await storeInstance.close()
    const { status, headers, body } = await exchange(`${server.url}/health/ready`)
    assert.equal(status, 503)
    assert.match(String(headers['content-type']), /^application\/problem\+json/)
    assert.ok(Number(headers['retry-after']) >= 1)
    const { code, reasons } = body as { code: string; reasons: unknown }
    assert.deepEqual([code, reasons], ['unavailable', ['store-unavailable']])
  })

  it('is told when the clock is not that of the store, which the metrics show as well', async (t) => {
    const clockMs = async () => (Date.now() + 600_000) as EpochMs
    const storeInstance = { ...memoryStore(), clockMs }
    const server = await startServer({ port: 0, storeInstance, logLevel })
    t.after(() => server.close())
    const { status, body } = await exchange(`${server.url}/health/ready`)
    const { reasons } = body as { reasons: unknown }
    assert.deepEqual([status, reasons], [503, ['clock-skew']])
    const { body: text } = await exchange(`${server.url}/metrics`)
    assert.match(String(text), /^pawl_unready\{reason="clock-skew"\} 1$/m)
    assert.match(String(text), /^pawl_clock_skew_seconds -(?:599|600)/m)
  })

  it('may ask by HEAD, and under a name that nobody configured', async (t) => {
    const allowedHosts = ['core.internal']
    const storeInstance = memoryStore()
    const server = await startServer({ port: 0, storeInstance, logLevel, allowedHosts })
    t.after(() => server.close())
    const headers = { host: '10.1.2.3:3567' }
    for (const path of ['/health/live', '/health/ready']) {
      assert.equal((await exchange(server.url + path, { headers })).status, 200)
      const head = await exchange(server.url + path, { method: 'HEAD', headers })
      assert.equal(head.status, 200)
      assert.equal(head.body, '')
      const { status, headers: answered } = await exchange(server.url + path, { method: 'POST' })
      assert.deepEqual([status, answered.allow], [405, 'GET, HEAD'])
    }
    assert.equal((await exchange(`${server.url}/v1/settings`, { headers })).status, 421)
  })
})

describe('a stop with a drain', () => {
  it('is told by readiness first, while everything else is still served', async () => {
    const store = memoryStore()
    const server = await startServer({ port: 0, storeInstance: store, logLevel, drainSeconds: 1 })
    const closed = server.close()
    const { status, body } = await exchange(`${server.url}/health/ready`)
    const { reasons } = body as { reasons: unknown }
    assert.deepEqual([status, reasons], [503, ['stopping']])
    assert.equal((await exchange(`${server.url}/health/live`)).status, 200)
    const settings = await exchange(`${server.url}/v1/settings`)
    assert.equal(settings.status, 200)
    assert.equal(settings.headers.connection, 'close')
    await closed
    await assert.rejects(
      new Promise((resolve, reject) => {
        request(server.url).on('response', resolve).on('error', reject).end()
      }),
    )
  })
})
