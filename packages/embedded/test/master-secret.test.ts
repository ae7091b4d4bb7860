import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { memoryStore } from '@pawl/store-testkit'
import {
  embedCore,
  generateSecret,
  readOrCreateSecretFile,
  WrongSecretError,
} from '../src/index.ts'
import { KEY_PURPOSES, type KeyPurpose } from '../src/key-purposes.ts'
import { faultOfSecret, openSecretRing } from '../src/master-secret.ts'

describe('the master secret', () => {
  it('gives every purpose a key of its own, and a name that is none of them', () => {
    const { sealing } = openSecretRing([generateSecret()])
    const purposes = Object.keys(KEY_PURPOSES) as KeyPurpose[]
    const keys = purposes.map((purpose) => sealing.keyFor(purpose).export().toString('hex'))
    assert.equal(new Set(keys).size, purposes.length)
    assert.match(sealing.id, /^[A-Za-z0-9_-]{8}$/)
    assert.equal(sealing.keyFor('refreshToken'), sealing.keyFor('refreshToken'))
  })

  it('is refused when short or plainly not random, without being repeated', () => {
    for (const secret of ['', 'correct horse battery staple', 'ab'.repeat(40)]) {
      const fault = faultOfSecret(secret) ?? ''
      assert.notEqual(fault, '')
      assert.equal(secret !== '' && fault.includes(secret), false)
    }
    assert.equal(faultOfSecret(generateSecret()), null)
  })

  it('must be the one the store was set up with', async () => {
    const store = memoryStore()
    const first = generateSecret()
    await (await embedCore({ store, secret: first, closesStore: false })).close()
    await (await embedCore({ store, secret: first, closesStore: false })).close()
    const turned = [generateSecret(), first]
    await (await embedCore({ store, secret: turned, closesStore: false })).close()
    const wrong = embedCore({ store, secret: generateSecret() })
    await assert.rejects(wrong, (error) => error instanceof WrongSecretError)
    await assert.rejects(wrong, /original secret/)
  })

  it('is invented for a file once, readable by its owner only', () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'pawl-secret-'))
    try {
      const file = path.join(dir, 'data', 'secret')
      const made = readOrCreateSecretFile(file)
      assert.equal(made.length, 1)
      assert.equal(faultOfSecret(made[0] ?? ''), null)
      assert.deepEqual(readOrCreateSecretFile(file), made)
      assert.equal(statSync(file).mode & 0o777, 0o600)
      assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o700)
      assert.equal(readFileSync(file, 'utf8'), `${made[0]}\n`)
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
