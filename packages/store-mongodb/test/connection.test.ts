import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStoreError } from '@pawl/core'
import { mongodbStore } from '@pawl/store-mongodb'
import { readUrl } from '../src/connection.ts'

describe('the MongoDB URL', () => {
  it('names the database, and is the driver’s to read for the rest', () => {
    const url = 'mongodb://me:p%40ss@127.0.0.1:27017/mine?replicaSet=rs&authSource=admin'
    assert.deepEqual(readUrl(url), { url, options: { tls: false }, database: 'mine' })
  })

  it('names a database without its escapes', () => {
    assert.equal(readUrl('mongodb://localhost/my%2Ddata').database, 'my-data')
    assert.throws(() => readUrl('mongodb://localhost/%my'), /has a % that begins no escape/)
  })

  it('means TLS to every host but this machine', () => {
    const tlsOf = (url: string) => readUrl(url).options.tls
    for (const host of ['localhost', '127.0.0.1:27018', '[::1]:1', '%2Ftmp%2Fmongodb.sock']) {
      assert.equal(tlsOf(`mongodb://${host}/x`), false)
    }
    const distant = ['mongodb://db.example.com/x', 'mongodb://localhost,db.example.com/x']
    for (const url of [...distant, 'mongodb+srv://localhost/x']) assert.equal(tlsOf(url), true)
    assert.equal(tlsOf('mongodb://localhost/x?tls=true'), true)
  })

  it('leaves TLS out to another machine only when it says so', () => {
    assert.equal(readUrl('mongodb://db.example.com/x?tls=false').options.tls, false)
  })

  it('cannot lower durability, consistency or the check of certificates', () => {
    const parameters = [
      'w=1',
      'journal=false',
      'readPreference=secondary',
      'readConcernLevel=local',
      'tlsInsecure=true',
      'tlsAllowInvalidCertificates=true',
      'tlsAllowInvalidHostnames=true',
      'ssl=false',
    ]
    for (const parameter of parameters) {
      assert.throws(() => readUrl(`mongodb://localhost/x?${parameter}`), /has the parameter/)
    }
  })

  it('is refused in a sentence that does not repeat it', () => {
    const wrong = [
      'db:27017/x',
      'http://me:secret@db/x',
      'mongodb://me:secret@localhost',
      'mongodb://me:secret@localhost/',
      'mongodb://me:secret@/x',
      'mongodb://me:secret@localhost/a.b',
      'mongodb://me:secret@localhost/%secret',
      'mongodb://me:secret@localhost/x?colour=red',
      'mongodb://me:secret@localhost/x?tls=secret',
      'mongodb://me:secret@localhost:secret/x',
      'mongodb://me:%secret@localhost/x',
      'mongodb://me:secret@localhost/x?authMechanism=secret',
    ]
    for (const url of wrong) {
      assert.throws(
        () => mongodbStore({ url }),
        (error) => isStoreError(error) && !/secret/.test(`${error.message} ${error.cause}`),
        url,
      )
    }
  })
})
