import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AppId, EpochMs } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { embedCore } from '../src/embed-core.ts'
import { openKeyAdmin } from '../src/key-admin.ts'
import { generateSecret } from '../src/master-secret.ts'
import { WrongSecretError } from '../src/secret-fingerprint.ts'

const APP = 'default' as AppId
const [secret, other] = [generateSecret(), generateSecret()]
const order = { algorithm: 'ES256', isTurning: true, nowMs: 1_800_000_000_000 as EpochMs } as const

/** A store on which a core has been. */
async function usedStore() {
  const store = memoryStore()
  await (await embedCore({ store, secret, closesStore: false })).close()
  return store
}

describe('the administration of keys', () => {
  it('makes no key under a secret that is not the one of the store', async () => {
    const store = await usedStore()
    await assert.rejects(openKeyAdmin(store, [other]).rotate(APP, order), WrongSecretError)
    await assert.rejects(openKeyAdmin(store, [other]).rewrap(), WrongSecretError)
    assert.equal((await openKeyAdmin(store, [secret]).list(APP)).length, 1)
    await (await embedCore({ store, secret })).close()
  })

  it('shows keys that it cannot open, and takes them away', async () => {
    const store = await usedStore()
    const stranger = openKeyAdmin(store, [other])
    const [key] = await stranger.list(APP)
    assert.equal(key?.isOpenable, false)
    assert.equal((await openKeyAdmin(store, [secret]).list(APP))[0]?.isOpenable, true)
    assert.equal(await stranger.revoke(APP, key?.kid ?? ''), 'revoked')
    assert.equal(await stranger.revoke(APP, key?.kid ?? ''), 'unknown')
    assert.deepEqual(await stranger.list(APP), [])
  })

  it('seals the keys of every app anew, of those that only a program knows too', async () => {
    const store = memoryStore()
    const signing = { keys: 'static' } as const
    const shared = { store, signing, apps: { mail: {}, shop: {} }, closesStore: false }
    await (await embedCore({ ...shared, secret })).close()
    assert.equal(await openKeyAdmin(store, [other, secret]).rewrap(), 3)
    assert.equal(await openKeyAdmin(store, [other, secret]).rewrap(), 0)
    await (await embedCore({ ...shared, secret: other })).close()
  })

  it('turns the first key of a store that no core has seen, for the core that comes', async () => {
    const store = memoryStore()
    await openKeyAdmin(store, [secret]).rotate(APP, order)
    await assert.rejects(embedCore({ store, secret: other, closesStore: false }), WrongSecretError)
    await (await embedCore({ store, secret })).close()
  })
})
