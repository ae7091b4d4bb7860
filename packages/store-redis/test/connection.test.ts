import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStoreError } from '@pawl/core'
import { readUrl } from '../src/connection.ts'

describe('the Redis URL', () => {
  it('gives host, port, user, password, database and prefix', () => {
    const { options, prefix } = readUrl('redis://me:p%40ss@127.0.0.1:7000/3?prefix=mine:')
    assert.deepEqual(options.socket, { host: '127.0.0.1', port: 7000 })
    assert.equal(options.username, 'me')
    assert.equal(options.password, 'p@ss')
    assert.equal(options.database, 3)
    assert.equal(prefix, 'mine:')
  })

  it('has defaults for all but the scheme', () => {
    const { options, prefix } = readUrl('redis://localhost')
    assert.deepEqual(options.socket, { host: 'localhost', port: 6379 })
    assert.equal(options.database, 0)
    assert.equal(prefix, 'pawl:')
  })

  it('means TLS with the certificate checked where it says rediss', () => {
    const { options } = readUrl('rediss://cache.example.com:6380')
    const socket = { host: 'cache.example.com', port: 6380, tls: true, rejectUnauthorized: true }
    assert.deepEqual(options.socket, socket)
  })

  it('leads to another machine without TLS only when it says so', () => {
    assert.throws(() => readUrl('redis://cache.example.com'), /without TLS.*tls=disable/)
    const { options } = readUrl('redis://cache.example.com?tls=disable')
    assert.deepEqual(options.socket, { host: 'cache.example.com', port: 6379 })
  })

  it('is refused in a sentence that does not repeat it', () => {
    const wrong = [
      'cache:6379',
      'http://me:secret@cache',
      'redis://me:secret@localhost/mine',
      'redis://me:secret@localhost?colour=red',
      'redis://me:%secret@localhost',
      'rediss://me:secret@localhost?cacert=/not/there',
      'redis://me:secret@',
    ]
    for (const url of wrong) {
      assert.throws(
        () => readUrl(url),
        (error) => isStoreError(error) && !/secret/.test(`${error.message} ${error.cause}`),
      )
    }
  })
})
