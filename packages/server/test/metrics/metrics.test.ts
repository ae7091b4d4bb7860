import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type EpochMs, StoreError } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { generateApiKey } from '../../src/http/api-keys.ts'
import { type ServerOptions, startServer } from '../../src/index.ts'
import { METRICS } from '../../src/metrics/metric-table.ts'
import { exchange } from '../http-core-client.ts'
import { parseMetrics } from './parse-metrics.ts'

async function setUp(context: TestContext, options: ServerOptions = {}) {
  const server = await startServer({
    ...{ port: 0, storeInstance: memoryStore(), logLevel: 'silent', ...options },
  })
  context.after(() => server.close())
  const headers = { 'content-type': 'application/json' }
  const post = async (path: string, body: object) => {
    const answer = await exchange(server.url + path, { method: 'POST', headers, body })
    return answer.body as { refreshToken: { token: string }; session: { handle: string } }
  }
  const read = async () => {
    const { status, headers: answered, body } = await exchange(`${server.url}/metrics`)
    assert.equal(status, 200)
    assert.equal(answered['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
    const samples = parseMetrics(String(body))
    const value = (name: string, labels: { readonly [name: string]: string } = {}) =>
      samples.find(
        (one) =>
          one.name === name &&
          Object.entries(labels).every(([label, text]) => one.labels[label] === text),
      )?.value
    return { samples, value }
  }
  return { server, post, read }
}

describe('the metrics', () => {
  it('count requests, refusals and every event of a session', async (t) => {
    const { server, post, read } = await setUp(t)
    const { refreshToken } = await post('/v1/sessions', { userId: 'ada' })
    const refresh = (token: string) => post('/v1/sessions/refresh', { refreshTokens: [token] })
    const second = await refresh(refreshToken.token)
    const third = await refresh(second.refreshToken.token)
    await refresh(third.refreshToken.token)
    await refresh(refreshToken.token)
    await post('/v1/sessions/refresh', { refreshTokens: ['garbage'] })
    await exchange(`${server.url}/nowhere/at/all`)
    const { value } = await read()
    const refreshes = { route: 'refreshSession' }
    assert.equal(value('pawl_requests_total', { ...refreshes, status: '200' }), 3)
    assert.equal(value('pawl_requests_total', { ...refreshes, status: '401' }), 2)
    assert.equal(value('pawl_requests_total', { route: 'none', status: '404' }), 1)
    assert.equal(value('pawl_request_seconds_count', refreshes), 5)
    assert.equal(value('pawl_request_seconds_bucket', { ...refreshes, le: '+Inf' }), 5)
    assert.ok(Number(value('pawl_request_seconds_sum', refreshes)) > 0)
    assert.equal(value('pawl_refusals_total', { code: 'token_theft' }), 1)
    assert.equal(value('pawl_refusals_total', { code: 'refresh_token_invalid' }), 1)
    assert.equal(value('pawl_session_events_total', { kind: 'created' }), 1)
    assert.equal(value('pawl_session_events_total', { kind: 'refreshed' }), 3)
    assert.equal(value('pawl_session_events_total', { kind: 'theft' }), 1)
    assert.equal(value('pawl_refreshes_total', { rule: 'current' }), 1)
    assert.equal(value('pawl_refreshes_total', { rule: 'advance' }), 2)
    assert.equal(value('pawl_sessions_ended_total', { reason: 'theft' }), 1)
  })

  it('tell of the process, its store and its key, all in rows of the table', async (t) => {
    const store = memoryStore()
    const clockMs = async () => (Date.now() - 3_000) as EpochMs
    const storeInstance = { ...store, clockMs, find: () => broken('timeout') }
    const { post, read, server } = await setUp(t, { storeInstance })
    await post('/v1/sessions', { userId: 'ada' })
    await exchange(`${server.url}/v1/sessions/${'A'.repeat(22)}`)
    await read()
    const { samples, value } = await read()
    assert.equal(value('pawl_store_errors_total', { kind: 'timeout' }), 1)
    assert.equal(value('pawl_faults_total'), 0)
    assert.equal(value('pawl_requests_in_flight'), 0)
    assert.equal(value('pawl_feed_followers'), 0)
    assert.equal(value('pawl_unready', { reason: 'store-unavailable' }), 0)
    const skew = Number(value('pawl_clock_skew_seconds'))
    assert.ok(skew > 2 && skew < 30, String(skew))
    assert.ok(Number(value('pawl_signing_key_age_seconds')) < 60)
    assert.ok(Number(value('process_resident_memory_bytes')) > 10_000_000)
    assert.ok(Number(value('process_cpu_seconds_total')) > 0)
    assert.equal(value('pawl_info', { store: 'memory', node: process.version }), 1)
    const names = new Set<string>(Object.values(METRICS).map(({ name }) => name))
    for (const { name } of samples) assert.ok(names.has(name.replace(/_(bucket|sum|count)$/, '')))
  })

  it('tell how many follow the feed, and do not take a stream for a slow request', async (t) => {
    const { server, read } = await setUp(t)
    const stop = new AbortController()
    const response = await fetch(`${server.url}/v1/revocations`, {
      ...{ headers: { accept: 'text/event-stream' }, signal: stop.signal },
    })
    const reader = response.body?.getReader()
    await reader?.read()
    const { value } = await read()
    assert.equal(value('pawl_feed_followers'), 1)
    assert.equal(value('pawl_requests_in_flight'), 0)
    stop.abort()
    await assert.rejects(async () => reader?.read())
    assert.equal(value('pawl_request_seconds_count', { route: 'listRevocations' }), undefined)
  })

  it('are read while the store is gone', async (t) => {
    const storeInstance = memoryStore()
    const { read } = await setUp(t, { storeInstance })
    await storeInstance.close()
    const { value } = await read()
    assert.equal(value('pawl_unready', { reason: 'store-unavailable' }), 1)
    assert.equal(value('pawl_clock_skew_seconds'), undefined)
  })

  it('count what limits refuse, and nothing that a caller could make up', async (t) => {
    const { post, read, server } = await setUp(t, { failuresPerMinute: 1 })
    for (let index = 0; index < 3; index++) {
      await post('/v1/sessions/refresh', { refreshTokens: ['garbage'] })
    }
    for (let index = 0; index < 3; index++) {
      const headers = { 'cdi-version': '5.1' }
      await exchange(`${server.url}/recipe/made-up-${index}`, { headers })
    }
    const { samples, value } = await read()
    assert.equal(value('pawl_limited_total', { limit: 'forged-token' }), 2)
    assert.equal(value('pawl_requests_total', { route: 'other', status: '404' }), 3)
    assert.doesNotMatch(JSON.stringify(samples), /made-up/)
  })

  it('ask for a key that may read, of the installation and not of one app', async (t) => {
    const [reader, verifier, ofApp] = [generateApiKey(), generateApiKey(), generateApiKey()]
    const apiKeys = [
      `${reader.keyHash};scopes=read`,
      `${verifier.keyHash};scopes=verify`,
      `${ofApp.keyHash};scopes=read;app=default`,
    ]
    const { server } = await setUp(t, { apiKeys })
    const statusWith = async (key: string) => {
      const headers = { authorization: `Bearer ${key}` }
      return (await exchange(`${server.url}/metrics`, { headers })).status
    }
    assert.equal((await exchange(`${server.url}/metrics`)).status, 401)
    assert.equal(await statusWith(reader.key), 200)
    assert.equal(await statusWith(verifier.key), 403)
    assert.equal(await statusWith(ofApp.key), 403)
  })
})

function broken(kind: 'timeout'): Promise<never> {
  return Promise.reject(new StoreError(kind, 'no answer'))
}
