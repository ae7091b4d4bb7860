import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Operation, ROUTES } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { generateApiKey, parseApiKey } from '../../src/http/api-keys.ts'
import { SERVICE_PATHS } from '../../src/http/router.ts'
import { type RunningServer, startServer } from '../../src/index.ts'
import { exchange } from '../http-core-client.ts'

const keys = {
  scraper: generateApiKey(),
  writer: generateApiKey(),
  reader: generateApiKey(),
  admin: generateApiKey(),
}
const json = { 'content-type': 'application/json' }
let server: RunningServer

before(async () => {
  const apiKeys = [
    `${keys.scraper.keyHash};scopes=metrics`,
    `${keys.writer.keyHash};scopes=write+verify`,
    `${keys.reader.keyHash};scopes=read`,
    `${keys.admin.keyHash};scopes=admin`,
  ]
  server = await startServer({
    ...{ port: 0, storeInstance: memoryStore(), logLevel: 'silent', apiKeys },
  })
})
after(() => server.close())

async function call(name: keyof typeof keys, method: string, path: string) {
  const headers = { ...json, authorization: `Bearer ${keys[name].key}` }
  const body = method === 'GET' || method === 'DELETE' ? undefined : '{}'
  const answer = await exchange(server.url + path, { method, headers, body })
  return [answer.status, (answer.body as { code?: string }).code]
}

describe('a key with the scope metrics', () => {
  it('reads the metrics', async () => {
    for (const path of ['/metrics', '/metrics?name=x']) {
      assert.deepEqual(await call('scraper', 'GET', path), [200, undefined])
    }
  })

  it('is good for nothing else', async () => {
    const paths = Object.values(SERVICE_PATHS).filter(({ scope }) => scope !== 'open')
    const others = [
      ...paths.map(({ path }) => ['GET', path] as const),
      ...(Object.keys(ROUTES) as Operation[])
        .filter((operation) => ROUTES[operation].scope !== 'open')
        .map((operation) => [ROUTES[operation].method, ROUTES[operation].path] as const),
    ].filter(([, path]) => path !== '/metrics')
    for (const [method, path] of others) {
      const refusal = await call('scraper', method, path)
      assert.deepEqual(refusal, [403, 'api_key_scope'], `${method} ${path}`)
    }
    for (const path of ['/metrics/', '/metrics/x', '/apps/shop/metrics']) {
      assert.deepEqual(await call('scraper', 'GET', path), [404, 'not_found'], path)
    }
  })

  it('takes nothing from the others: read and admin still read the metrics, write does not', async () => {
    assert.deepEqual(await call('reader', 'GET', '/metrics'), [200, undefined])
    assert.deepEqual(await call('admin', 'GET', '/metrics'), [200, undefined])
    assert.deepEqual(await call('writer', 'GET', '/metrics'), [403, 'api_key_scope'])
  })

  it('is not bound to an app, of which there are no metrics', () => {
    const { key } = generateApiKey()
    const parsed = parseApiKey(`${key};app=shop;scopes=metrics+write`)
    assert.ok(parsed.kind === 'fault')
    assert.match(parsed.fault, /metrics/)
  })
})
