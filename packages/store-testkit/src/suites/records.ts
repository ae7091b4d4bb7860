import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RECORD_VALUE_MAX_CHARS, type RecordKey } from '@pawl/core'
import { freshApp, range } from '../fixtures.ts'
import { type OpenStore, useSubject } from '../store-under-test.ts'

function keyOf(id: string, parts: Partial<RecordKey> = {}): RecordKey {
  return { kind: 'signing-key', app: freshApp(), id, ...parts }
}

/** The small documents of the control plane. */
export function describeRecords(open: OpenStore): void {
  describe('records', () => {
    const subject = useSubject(open)

    it('are inserted once, replaced by version, and deleted', async () => {
      const { store } = subject()
      const key = keyOf('k1')
      assert.equal(await store.findRecord(key), undefined)
      assert.equal(await store.replaceRecord(key, 1, 'no'), false)
      assert.equal(await store.deleteRecord(key), false)
      assert.equal(await store.insertRecord(key, 'one'), true)
      assert.equal(await store.insertRecord(key, 'another'), false)
      assert.deepEqual(await subject().peer(1).findRecord(key), {
        ...key,
        version: 1,
        value: 'one',
      })
      assert.equal(await store.replaceRecord(key, 2, 'no'), false)
      assert.equal(await store.replaceRecord(key, 1, 'one'), true)
      assert.equal(await store.replaceRecord(key, 1, 'no'), false)
      assert.equal(await store.replaceRecord(key, 2, 'three'), true)
      assert.deepEqual(await store.findRecord(key), { ...key, version: 3, value: 'three' })
      assert.equal(await store.deleteRecord(key), true)
      assert.equal(await store.findRecord(key), undefined)
      assert.equal(await store.insertRecord(key, 'anew'), true)
      assert.deepEqual(await store.findRecord(key), { ...key, version: 1, value: 'anew' })
    })

    it('are told apart by kind, app and id', async () => {
      const { store } = subject()
      const key = keyOf('same')
      const keys = [key, { ...key, kind: 'app' }, { ...key, app: '*' }, { ...key, id: 'Same' }]
      for (const each of keys) {
        assert.equal(await store.insertRecord(each, JSON.stringify(each)), true)
      }
      for (const each of keys) {
        assert.equal((await store.findRecord(each))?.value, JSON.stringify(each))
      }
      assert.equal(await store.deleteRecord(key), true)
      assert.notEqual(await store.findRecord({ ...key, id: 'Same' }), undefined)
    })

    it('are listed by id in the order of its bytes', async () => {
      const { store } = subject()
      const app = freshApp()
      const ids = ['', '!', '-', '.', '0', '10', '9', 'A', 'Z', '_', 'a', 'aa', 'z', '~'].slice(1)
      for (const id of ids.toSorted(() => -1)) await store.insertRecord(keyOf(id, { app }), id)
      await store.insertRecord(keyOf('x', { app, kind: 'other' }), 'other')
      const listed = await subject().peer(1).listRecords('signing-key', app)
      assert.deepEqual(
        listed,
        ids.map((id) => ({ ...keyOf(id, { app }), version: 1, value: id })),
      )
      assert.deepEqual(await store.listRecords('signing-key', freshApp()), [])
    })

    it('keep values to the last character, up to the longest', async () => {
      for (const value of ['', ' ', '{"a":"é😀"}', '€'.repeat(RECORD_VALUE_MAX_CHARS)]) {
        const key = keyOf('v'.repeat(128))
        await subject().store.insertRecord(key, value)
        assert.equal((await subject().store.findRecord(key))?.value, value)
      }
    })

    it('let exactly one of 20 concurrent inserts, and of 20 replacements, win', async () => {
      const key = keyOf('raced')
      const inserts = await Promise.all(
        range(20).map((index) => subject().peer(index).insertRecord(key, `${index}`)),
      )
      assert.equal(inserts.filter(Boolean).length, 1)
      const first = await subject().store.findRecord(key)
      assert.equal(first?.value, `${inserts.indexOf(true)}`)
      const replacements = await Promise.all(
        range(20).map((index) => subject().peer(index).replaceRecord(key, 1, `r${index}`)),
      )
      assert.equal(replacements.filter(Boolean).length, 1)
      const second = await subject().store.findRecord(key)
      assert.deepEqual(second, { ...key, version: 2, value: `r${replacements.indexOf(true)}` })
    })
  })
}
