import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AppId, EpochMs } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { generateSecret, openSecretRing } from '../src/master-secret.ts'
import { loadSigningKeys } from '../src/signing-keys.ts'

const of = { app: 'default' as AppId, nowMs: 0 as EpochMs }
const KEY = { kind: 'signing-key', app: 'default', id: '000001' }

describe('signing keys', () => {
  it('are made once, however many cores start together', async () => {
    const store = memoryStore()
    const secrets = openSecretRing([generateSecret()])
    const loads = Array.from({ length: 20 }, () => loadSigningKeys(store, secrets, of))
    const kids = (await Promise.all(loads)).flatMap((keys) => keys.map(({ kid }) => kid))
    assert.equal(kids.length, 20)
    assert.equal(new Set(kids).size, 1)
  })

  it('are read back after a restart, from a sealed record', async () => {
    const store = memoryStore()
    const secrets = openSecretRing([generateSecret()])
    const [made] = await loadSigningKeys(store, secrets, of)
    const [read] = await loadSigningKeys(store, secrets, of)
    assert.equal(read?.header, made?.header)
    assert.equal(made?.verify('data', (await read?.sign('data')) ?? Buffer.alloc(0)), true)
    const record = await store.findRecord(KEY)
    assert.doesNotMatch(record?.value ?? '', /"d"|PRIVATE|MHcCAQ|MIGHAg/)
  })

  it('are refused when the record was changed or moved to another app', async () => {
    const store = memoryStore()
    const secrets = openSecretRing([generateSecret()])
    await loadSigningKeys(store, secrets, of)
    const record = await store.findRecord(KEY)
    assert.ok(record)
    const moved = { ...of, app: 'shop' as AppId }
    await store.insertRecord({ ...KEY, app: 'shop' }, record.value)
    await assert.rejects(loadSigningKeys(store, secrets, moved), { kind: 'corrupt' })
    const renamed = record.value.replace(/"kid":"d-.{11}"/, '"kid":"d-AAAAAAAAAAA"')
    for (const [version, value] of [renamed, '{', 'null', '{"kid":"d"}'].entries()) {
      await store.replaceRecord(KEY, version + 1, value)
      await assert.rejects(loadSigningKeys(store, secrets, of), { kind: 'corrupt' })
    }
  })

  it('are refused under another master secret', async () => {
    const store = memoryStore()
    await loadSigningKeys(store, openSecretRing([generateSecret()]), of)
    const other = openSecretRing([generateSecret()])
    await assert.rejects(loadSigningKeys(store, other, of), { kind: 'corrupt' })
  })
})
