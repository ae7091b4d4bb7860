import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AppId, Store, StoredRecord } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { openKeyRing } from '../src/key-ring.ts'
import { keySettings, type SigningOptions } from '../src/key-settings.ts'
import { generateSecret, openSecretRing, type SecretRing } from '../src/master-secret.ts'
import { SIGNING_ALGORITHMS } from '../src/signing-key.ts'
import { rewrapKeyRecord } from '../src/signing-key-records.ts'
import { manualClock } from './manual-clock.ts'

const app = 'default' as AppId
const KEY = { kind: 'signing-key', app: 'default', id: '000001' }
const HOUR = 3_600_000
const DAY = 24 * HOUR

function ringOf(store: Store, secrets: SecretRing, options: SigningOptions = {}) {
  const clock = manualClock()
  const troubles: unknown[] = []
  const onTrouble = (error: unknown) => void troubles.push(error)
  const settings = keySettings(options)
  const ring = openKeyRing({ store, secrets, clock, settings, onTrouble })
  return { ring, clock, troubles }
}

async function kidsOf(ring: ReturnType<typeof ringOf>['ring']): Promise<readonly string[]> {
  return (await ring.publicKeySet(app)).keys.map(({ kid }) => kid)
}

describe('signing keys', () => {
  it('are made once, however many cores start together', async () => {
    const store = memoryStore()
    const secrets = openSecretRing([generateSecret()])
    const rings = Array.from({ length: 20 }, () => ringOf(store, secrets).ring)
    const keys = await Promise.all(rings.map((ring) => ring.signingKeyOf(app)))
    assert.equal(new Set(keys.map(({ kid }) => kid)).size, 1)
    assert.equal((await store.listRecords('signing-key', app)).length, 1)
  })

  it('are read back after a restart, from a sealed record', async () => {
    const store = memoryStore()
    const secrets = openSecretRing([generateSecret()])
    const made = await ringOf(store, secrets).ring.signingKeyOf(app)
    const read = await ringOf(store, secrets).ring.signingKeyOf(app)
    assert.equal(read.header, made.header)
    assert.equal(made.verify('data', await read.sign('data')), true)
    const record = await store.findRecord(KEY)
    assert.doesNotMatch(record?.value ?? '', /"d"|PRIVATE|MHcCAQ|MIGHAg/)
  })

  it('of every algorithm sign, verify and show public members only', async () => {
    for (const algorithm of SIGNING_ALGORITHMS) {
      const secrets = openSecretRing([generateSecret()])
      const { ring } = ringOf(memoryStore(), secrets, { algorithm })
      const key = await ring.signingKeyOf(app)
      const signature = await key.sign('data')
      assert.equal(signature.length, key.signatureBytes)
      assert.equal(key.verify('data', signature), true)
      assert.equal(key.verify('Data', signature), false)
      const [jwk] = (await ring.publicKeySet(app)).keys
      const members = Object.keys(jwk ?? {})
      assert.ok(
        members.every((name) =>
          ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'].includes(name),
        ),
      )
      assert.equal(jwk?.alg, algorithm)
    }
  })

  it('that are static stay, and say so by their id', async () => {
    const secrets = openSecretRing([generateSecret()])
    const { ring, clock } = ringOf(memoryStore(), secrets, { keys: 'static' })
    const { kid } = await ring.signingKeyOf(app)
    assert.match(kid, /^s-.{11}$/)
    clock.advance(400 * DAY)
    assert.equal((await ring.signingKeyOf(app)).kid, kid)
    assert.deepEqual(await kidsOf(ring), [kid])
  })

  it('stay what they are beside a core with other settings, and as long', async () => {
    for (const keys of ['static', 'turning'] as const) {
      const store = memoryStore()
      const secrets = openSecretRing([generateSecret()])
      const own = ringOf(store, secrets, { algorithm: 'EdDSA', keys })
      const { kid } = await own.ring.signingKeyOf(app)
      const other = ringOf(store, secrets, { keys: keys === 'static' ? 'turning' : 'static' })
      for (let day = 0; day < 6; day++) {
        other.clock.advance(keys === 'static' ? 100 * DAY : DAY)
        assert.equal((await other.ring.signingKeyOf(app)).kid, kid)
        assert.deepEqual(await kidsOf(other.ring), [kid])
      }
      assert.equal((await store.listRecords('signing-key', app)).length, 1)
    }
  })

  it('turn on every core together, published before use, gone when their tokens are', async () => {
    const store = memoryStore()
    const secrets = openSecretRing([generateSecret()])
    const a = ringOf(store, secrets)
    const b = ringOf(store, secrets)
    const step = (ms: number) => [a, b].forEach(({ clock }) => void clock.advance(ms))
    const first = await a.ring.signingKeyOf(app)
    assert.equal((await b.ring.signingKeyOf(app)).kid, first.kid)
    step(7 * DAY - HOUR)
    const [published] = await Promise.all([kidsOf(a.ring), kidsOf(b.ring)])
    assert.equal(published.length, 2)
    assert.deepEqual([...(await kidsOf(b.ring))].sort(), [...published].sort())
    assert.equal((await a.ring.signingKeyOf(app)).kid, first.kid)
    step(HOUR)
    const second = await a.ring.signingKeyOf(app)
    assert.notEqual(second.kid, first.kid)
    assert.equal((await b.ring.signingKeyOf(app)).kid, second.kid)
    step(HOUR + 59_000)
    assert.equal((await kidsOf(a.ring)).length, 2)
    step(KEEP_MARGIN_MS)
    assert.deepEqual(await kidsOf(a.ring), [second.kid])
    assert.equal((await store.listRecords('signing-key', app)).length, 1)
  })

  it('taken from the store are gone from a core within its reload time', async () => {
    const store = memoryStore()
    const { ring, clock } = ringOf(store, openSecretRing([generateSecret()]))
    const revoked = await ring.signingKeyOf(app)
    await store.deleteRecord(KEY)
    clock.advance(5_000)
    assert.equal(await ring.findByHeader(app, revoked.header), undefined)
    assert.notEqual((await ring.signingKeyOf(app)).kid, revoked.kid)
  })

  it('are used on while the store cannot be read', async () => {
    const store = memoryStore()
    const { ring, clock, troubles } = ringOf(store, openSecretRing([generateSecret()]))
    const { kid } = await ring.signingKeyOf(app)
    await store.close()
    clock.advance(DAY)
    assert.equal((await ring.signingKeyOf(app)).kid, kid)
    assert.equal(troubles.length, 1)
  })

  it('are refused when the record was changed or moved to another app', async () => {
    const store = memoryStore()
    const secrets = openSecretRing([generateSecret()])
    await ringOf(store, secrets).ring.signingKeyOf(app)
    const record = await store.findRecord(KEY)
    assert.ok(record)
    await store.insertRecord({ ...KEY, app: 'shop' }, record.value)
    const moved = ringOf(store, secrets).ring.signingKeyOf('shop' as AppId)
    await assert.rejects(moved, { kind: 'corrupt' })
    const renamed = record.value.replace(/"kid":"d-.{11}"/, '"kid":"d-AAAAAAAAAAA"')
    const other = record.value.replace('"ES256"', '"EdDSA"')
    for (const [version, value] of [renamed, other, '{', 'null', '{"kid":"d"}'].entries()) {
      await store.replaceRecord(KEY, version + 1, value)
      await assert.rejects(ringOf(store, secrets).ring.signingKeyOf(app), { kind: 'corrupt' })
    }
  })

  it('are refused under another master secret, and open after a rewrap', async () => {
    const store = memoryStore()
    const [old, fresh] = [generateSecret(), generateSecret()]
    const { kid } = await ringOf(store, openSecretRing([old])).ring.signingKeyOf(app)
    const alone = ringOf(store, openSecretRing([fresh]))
    await assert.rejects(alone.ring.signingKeyOf(app), { kind: 'corrupt' })
    const record = (await store.findRecord(KEY)) as StoredRecord
    assert.equal(await rewrapKeyRecord(store, openSecretRing([fresh, old]), record), true)
    assert.equal((await alone.ring.signingKeyOf(app)).kid, kid)
  })
})

/** Beyond the longest life of a token and a minute of skew, with time for the next look. */
const KEEP_MARGIN_MS = 10_000
