import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import test from 'node:test'
import type { AppId } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { FORMER_KEY_KIND, insertFormerKey } from '../src/former-keys.ts'

const app = 'default' as AppId

function spkiOf(modulusLength: number): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength })
  return publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
}

test('a key of a former core that is too weak is refused, and not stored', async () => {
  const store = memoryStore()
  const weak = { kid: 'd-weak', spki: spkiOf(1_024), notAfterMs: null }
  await assert.rejects(insertFormerKey(store, app, weak), /less than 2048 bits/)
  assert.deepEqual(await store.listRecords(FORMER_KEY_KIND, app), [])
  await insertFormerKey(store, app, { kid: 'd-good', spki: spkiOf(2_048), notAfterMs: null })
  assert.equal((await store.listRecords(FORMER_KEY_KIND, app)).length, 1)
})
