import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Store, StoredRecord } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { type EmbedOptions, embedCore } from '../src/embed-core.ts'
import { generateSecret } from '../src/master-secret.ts'

const secret = generateSecret()

/** A core that is opened and closed again; what it reported. */
async function visit(store: Store, options: Partial<EmbedOptions>): Promise<readonly string[]> {
  const troubles: string[] = []
  const onTrouble = (error: unknown) => void troubles.push((error as Error).message)
  await (await embedCore({ store, secret, closesStore: false, onTrouble, ...options })).close()
  return troubles
}

async function recordsIn(store: Store): Promise<readonly StoredRecord[]> {
  return (await store.walkRecords(null, 500)).items
}

describe('a core that only looks in', () => {
  it('leaves every record as it was, whatever its settings are', async () => {
    const store = memoryStore()
    await visit(store, { signing: { keys: 'static', algorithm: 'EdDSA' } })
    const before = await recordsIn(store)
    assert.deepEqual(await visit(store, { isVisitor: true }), [])
    assert.deepEqual(await recordsIn(store), before)
  })

  it('makes no key for an app that it makes, and grants nothing without one', async () => {
    const store = memoryStore()
    const visitor = await embedCore({ store, secret, isVisitor: true })
    assert.equal((await visitor.putApp({ name: 'shop', settings: {} })).kind, 'ok')
    const granted = await visitor.createSession({ userId: 'ada' })
    assert.deepEqual([granted.kind, 'code' in granted && granted.code], ['refused', 'unavailable'])
    const kinds = (await recordsIn(store)).map(({ kind }) => kind)
    assert.equal(
      kinds.some((kind) => /key|clock/.test(kind)),
      false,
      kinds.join(),
    )
    assert.equal(await visitor.sweep(), 0)
    await visitor.close()
  })
})

describe('a core whose settings are not those of the signing key', () => {
  it('says so when it starts, and signs on with the key that is there', async () => {
    const store = memoryStore()
    assert.deepEqual(await visit(store, { signing: { keys: 'static' } }), [])
    const [sentence = '', ...others] = await visit(store, {})
    assert.match(
      sentence,
      /^the signing key s-\S{11} of app default is a static ES256 key, and the settings ask for a /,
    )
    assert.match(sentence, /turning ES256 key: it stays so until pawl keys rotate makes one$/)
    assert.deepEqual(others, [])
    assert.equal((await store.listRecords('signing-key', 'default')).length, 1)
  })

  it('says of keys that turn when the other algorithm comes', async () => {
    const store = memoryStore()
    await visit(store, {})
    const [sentence = ''] = await visit(store, { signing: { algorithm: 'EdDSA' } })
    assert.match(sentence, /the next one will be, or pawl keys rotate makes one$/)
  })
})
