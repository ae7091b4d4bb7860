import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RecordStore } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { CONFIG, CONFIG_KEYS, type ServerConfig } from '../../src/config/table.ts'
import { wireDefaultsOf } from '../../src/config/wire-defaults.ts'
import { openWireSettings } from '../../src/supertokens/wire-settings.ts'

const values = CONFIG_KEYS.map((key) => [key, CONFIG[key].default])
const defaults = wireDefaultsOf(Object.fromEntries(values) as ServerConfig)
const KEY = { kind: 'wire-app', app: '*', id: 'shop' }

const changed = async (store: RecordStore): Promise<unknown> =>
  JSON.parse((await store.findRecord(KEY))?.value ?? 'null')

describe('settings of an app on the compatible wire', () => {
  it('keep what each of many writers has changed, though they write at once', async () => {
    const store = memoryStore()
    const changes = [
      { access_token_validity: 1_000 },
      { refresh_token_validity: 30_000 },
      { access_token_blacklisting: true },
      { api_keys: 'a-key-of-this-app-only' },
    ]
    const books = changes.map(() => openWireSettings(store, defaults))
    const done = await Promise.all(changes.map((one, index) => books[index]?.put('shop', one)))
    assert.deepEqual(done, [true, true, true, true])
    const { coreConfig, apiKeyHashes } = (await changed(store)) as {
      readonly coreConfig: object
      readonly apiKeyHashes: readonly string[]
    }
    const [one, two, three] = changes
    assert.deepEqual(coreConfig, { ...one, ...two, ...three })
    assert.equal(apiKeyHashes.length, 1)
  })

  it('are not stored while they keep changing, and the caller is told', async () => {
    const busy = { ...memoryStore(), insertRecord: async () => false }
    assert.equal(await openWireSettings(busy, defaults).put('shop', {}), false)
  })
})
