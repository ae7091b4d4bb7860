import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStoreError } from '@pawl/core'
import { readUrl } from '../src/connection.ts'

describe('the PostgreSQL URL', () => {
  it('gives host, port, user, password, database and schema', () => {
    const { config, schema } = readUrl('postgres://me:p%40ss@127.0.0.1:6000/mine?schema=auth')
    assert.equal(config.host, '127.0.0.1')
    assert.equal(config.port, 6000)
    assert.equal(config.user, 'me')
    assert.equal(config.password, 'p@ss')
    assert.equal(config.database, 'mine')
    assert.equal(schema, 'auth')
  })

  it('takes a unix socket as a parameter or, escaped, as the host', () => {
    for (const url of ['postgres:///mine?host=/run/pg', 'postgresql://%2Frun%2Fpg/mine']) {
      const { config } = readUrl(url)
      assert.equal(config.host, '/run/pg')
      assert.equal(config.ssl, false)
    }
  })

  it('means TLS with the certificate checked for every other machine', () => {
    for (const mode of ['', '?sslmode=require', '?sslmode=verify-full']) {
      const { config } = readUrl(`postgres://db.example.com/mine${mode}`)
      assert.deepEqual(config.ssl, { rejectUnauthorized: true })
    }
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      assert.equal(readUrl(`postgres://${host}/mine`).config.ssl, false)
    }
    assert.equal(readUrl('postgres://db.example.com/mine?sslmode=disable').config.ssl, false)
    const here = readUrl('postgres://localhost/mine?sslmode=verify-full')
    assert.deepEqual(here.config.ssl, { rejectUnauthorized: true })
  })

  it('is refused in a sentence that does not repeat it', () => {
    const wrong = [
      'db:5432/mine',
      'mysql://me:secret@db/mine',
      'postgres://me:secret@db',
      'postgres://me:secret@db/mine?colour=red',
      'postgres://me:%secret@db/mine',
      'postgres://me:secret@db/mine?sslmode=prefer',
      'postgres://me:secret@db/mine?sslmode=no-verify',
      'postgres://me:secret@db/mine?sslrootcert=/not/there',
      'postgres://me:secret@:1:2/mine',
    ]
    for (const url of wrong) {
      assert.throws(
        () => readUrl(url),
        (error) => isStoreError(error) && !/secret/.test(`${error.message} ${error.cause}`),
      )
    }
  })
})
