import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStoreError } from '@pawl/core'
import { readUrl } from '../src/connection.ts'

const checked = { rejectUnauthorized: true, verifyIdentity: true }

describe('the MySQL URL', () => {
  it('gives host, port, user, password and database', () => {
    for (const scheme of ['mysql', 'mariadb']) {
      const options = readUrl(`${scheme}://me:p%40ss@127.0.0.1:6000/mine`)
      const expected = { host: '127.0.0.1', port: 6000, user: 'me', password: 'p@ss' }
      assert.deepEqual(options, { ...expected, database: 'mine' })
    }
    assert.equal(readUrl('mysql://me@[::1]/mine').host, '::1')
    assert.equal(readUrl('mysql://me@db/mine').port, 3306)
  })

  it('takes a unix socket as a parameter', () => {
    const options = readUrl('mysql://me@localhost/mine?socket=/run/mysqld/mysqld.sock')
    const socketPath = '/run/mysqld/mysqld.sock'
    assert.deepEqual(options, { socketPath, database: 'mine', user: 'me' })
  })

  it('means TLS with certificate and name checked for every other machine', () => {
    for (const mode of ['', '?ssl-mode=REQUIRED', '?ssl-mode=VERIFY_IDENTITY']) {
      assert.deepEqual(readUrl(`mysql://db.example.com/mine${mode}`).ssl, checked)
    }
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      assert.equal(readUrl(`mysql://${host}/mine`).ssl, undefined)
    }
    assert.equal(readUrl('mysql://db.example.com/mine?ssl-mode=DISABLED').ssl, undefined)
    assert.deepEqual(readUrl('mysql://localhost/mine?ssl-mode=VERIFY_IDENTITY').ssl, checked)
  })

  it('is refused where TLS would have no name to check', () => {
    const password = 'a-secret'
    const urls = ['mysql://10.0.0.1/mine', 'mysql://127.0.0.1/mine?ssl-mode=REQUIRED']
    for (const url of urls) assert.throws(() => readUrl(url), /TLS to an address/)
    const over = { host: '10.0.0.1', password }
    assert.throws(() => readUrl('mysql://db.example.com/mine', over), /TLS to an address/)
    assert.equal(readUrl('mysql://10.0.0.1/mine?ssl-mode=DISABLED').ssl, undefined)
    assert.equal(readUrl('mysql://db.example.com/mine', { password }).password, password)
  })

  it('is refused in a sentence that does not repeat it', () => {
    const wrong = [
      'db:3306/mine',
      'postgres://me:secret@db/mine',
      'mysql://me:secret@db',
      'mysql://me:secret@db/mine?colour=red',
      'mysql://me:secret@db/mine?multipleStatements=false',
      'mysql://me:%secret@db/mine',
      'mysql://me:secret@db/mine?ssl-mode=PREFERRED',
      'mysql://me:secret@db/mine?ssl-ca=/not/there',
      'mysql://me:secret@:1:2/mine',
    ]
    for (const url of wrong) {
      assert.throws(
        () => readUrl(url),
        (error) => isStoreError(error) && !/secret/.test(`${error.message} ${error.cause}`),
      )
    }
  })
})
