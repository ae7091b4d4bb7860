import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { memoryStore } from '@pawl/store-testkit'
import {
  embedCore,
  generateSecret,
  prependSecret,
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
      assert.deepEqual(readdirSync(path.dirname(file)), ['secret'])
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  it('is not taken from a file that everybody may read or change, nor from an empty one', () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'pawl-secret-'))
    try {
      const file = path.join(dir, 'secret')
      const made = readOrCreateSecretFile(file)
      for (const mode of [0o604, 0o602, 0o644]) {
        chmodSync(file, mode)
        assert.throws(() => readOrCreateSecretFile(file), /open to others than its owner: chmod/)
        assert.throws(() => prependSecret(file, generateSecret()), /open to others/)
      }
      chmodSync(file, 0o640)
      assert.deepEqual(readOrCreateSecretFile(file), made)
      writeFileSync(file, '')
      assert.throws(() => readOrCreateSecretFile(file), /holds no master secret/)
      assert.deepEqual(readdirSync(dir), ['secret'])
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  it('is put before the others in a file that is replaced as a whole', () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'pawl-secret-'))
    try {
      const file = path.join(dir, 'secret')
      const [old] = readOrCreateSecretFile(file)
      const fresh = generateSecret()
      // What a command left behind that was killed halfway hinders nobody.
      writeFileSync(`${file}.new`, '')
      assert.deepEqual(prependSecret(file, fresh), [fresh, old])
      assert.deepEqual(readOrCreateSecretFile(file), [fresh, old])
      assert.equal(statSync(file).mode & 0o777, 0o600)
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
