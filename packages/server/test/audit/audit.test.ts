import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { memoryStore } from '@pawl/store-testkit'
import { AUDITED_ACTS } from '../../src/audit/audit-fact.ts'
import { generateApiKey } from '../../src/http/api-keys.ts'
import { type RunningServer, startServer } from '../../src/index.ts'
import { exchange } from '../http-core-client.ts'

const admin = generateApiKey()
const adminId = admin.key.split('.')[1]
const backEnd = generateApiKey()
const lines: string[] = []
let server: RunningServer

before(async () => {
  const apiKeys = [`${admin.keyHash};scopes=admin`, backEnd.keyHash]
  server = await startServer({
    ...{ port: 0, storeInstance: memoryStore(), apiKeys, compatEnabled: 'true' },
    logSink: (line) => lines.push(line),
  })
})
after(() => server.close())
beforeEach(() => {
  lines.length = 0
})

type Call = readonly [method: string, path: string, given?: object, key?: string]

async function call(...[method, path, given = {}, key = admin.key]: Call): Promise<number> {
  const { status } = await exchange(server.url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      'x-request-id': 'ticket-7',
      authorization: `Bearer ${key}`,
    },
    body: method === 'DELETE' ? undefined : JSON.stringify(given),
  })
  return status
}

/** The audit lines so far, without their time. */
function audited(): readonly object[] {
  const all = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'audit')
  return all.map(({ time, ...rest }) => rest)
}

const frame = { level: 'info', msg: 'audit', keyId: adminId, requestId: 'ticket-7' }

describe('the audit of the HTTP API', () => {
  it('tells of apps and tenants that were put or removed, once each, with key and request', async () => {
    assert.equal(await call('PUT', '/v1/apps/shop', { settings: { accessTtlSeconds: 600 } }), 200)
    assert.equal(await call('PUT', '/apps/shop/v1/tenants/acme'), 200)
    assert.equal(await call('DELETE', '/apps/shop/v1/tenants/acme'), 200)
    assert.equal(await call('DELETE', '/v1/apps/shop'), 200)
    assert.deepEqual(audited(), [
      { ...frame, what: 'app-put', app: 'shop', version: 1 },
      { ...frame, what: 'tenant-put', app: 'shop', tenant: 'acme', version: 1 },
      { ...frame, what: 'tenant-removed', app: 'shop', tenant: 'acme' },
      { ...frame, what: 'app-removed', app: 'shop' },
    ])
  })

  it('tells whose sessions were ended together', async () => {
    await call('POST', '/v1/sessions', { userId: 'ada' }, backEnd.key)
    const end = (given: object) => call('POST', '/v1/sessions/revoke', given, backEnd.key)
    assert.equal(await end({ userId: 'ada' }), 200)
    assert.equal(await end({ userId: 'ada', createdBeforeMs: 7 }), 200)
    assert.equal(await end({ tenant: 'default' }), 200)
    const by = { ...frame, keyId: backEnd.key.split('.')[1], what: 'sessions-revoked' }
    const where = { app: 'default', tenant: 'default' }
    assert.deepEqual(audited(), [
      { ...by, ...where, userId: 'ada', count: 1 },
      { ...by, ...where, userId: 'ada', createdBeforeMs: 7 },
      { ...by, ...where },
    ])
  })

  it('has every act in the guide, and the guide no other', () => {
    const file = path.join(import.meta.dirname, '../../../../docs/guide/operations.md')
    const [, chapter = ''] = readFileSync(file, 'utf8').split('## Audit\n')
    const rows = chapter.split('\n## ')[0]?.match(/^\| `[^|]*\|/gm) ?? []
    const named = rows.slice(1).flatMap((row) => row.match(/(?<=`)[a-z-]+(?=`)/g) ?? [])
    assert.deepEqual(named.toSorted(), AUDITED_ACTS.toSorted())
  })

  it('says nothing of what was refused, changed nothing, or is about one session', async () => {
    assert.equal(await call('PUT', '/v1/apps/UPPER'), 400)
    assert.equal(await call('PUT', '/v1/apps/shop', {}, backEnd.key), 403)
    assert.equal(await call('PUT', '/v1/apps/brisk', { settings: { accessTtlSeconds: 1 } }), 400)
    assert.equal(await call('DELETE', '/v1/apps/nowhere'), 200)
    assert.equal(await call('POST', '/v1/sessions/revoke', {}), 400)
    await call('POST', '/v1/sessions/AAAAAAAAAAAAAAAAAAAAAA/revoke', {})
    assert.deepEqual(audited(), [])
  })

  it('knows the compatible wire, and repeats no setting of it', async () => {
    const coreConfig = { api_keys: 'secret-of-the-wire-1234567890' }
    const path = '/recipe/multitenancy/app/v2'
    assert.equal(await call('PUT', path, { appId: 'kiosk', coreConfig }), 200)
    assert.deepEqual(audited(), [
      { ...frame, what: 'app-put', app: 'kiosk', version: 1 },
      { ...frame, what: 'supertokens-settings-put', app: 'kiosk' },
    ])
    assert.equal(lines.join('').includes('secret-of-the-wire'), false)
  })
})
