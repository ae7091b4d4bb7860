import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formerSeals, generateSecret } from '@pawl/embedded'
import { memoryStore } from '@pawl/store-testkit'
import { readFormer, rewrapFormer, writeFormer } from '../../src/supertokens/former/former-book.ts'

const [old, fresh, other] = [generateSecret(), generateSecret(), generateSecret()]

test('the key of a former core outlives the master secret that it was sealed under', async () => {
  const store = memoryStore()
  await writeFormer(store, formerSeals([old]), { app: 'default', key: 'k', isOpen: true })
  await rewrapFormer(store, formerSeals([fresh, old]), 'default')
  const former = await readFormer(store, formerSeals([fresh]), 'default')
  assert.deepEqual(former, { key: 'k', isOpen: true })
  await rewrapFormer(store, formerSeals([fresh]), 'shop')
})

test('a key of a former core that none of the secrets opens is told, and left as it is', async () => {
  const store = memoryStore()
  await writeFormer(store, formerSeals([old]), { app: 'default', key: 'k', isOpen: false })
  await assert.rejects(
    rewrapFormer(store, formerSeals([fresh, other]), 'default'),
    /cannot be opened/,
  )
  assert.equal((await readFormer(store, formerSeals([old]), 'default'))?.key, 'k')
})
