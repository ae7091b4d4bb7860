import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { createDatabaseFile, openDatabase } from '../src/database.ts'
import { limitWal } from '../src/wal-size.ts'
import { tempFolder } from './temp-folder.ts'

const WATCHED_BYTES = 1_000_000
const write = 'INSERT INTO big VALUES (zeroblob(100000))'

describe('the -wal file', () => {
  it('starts anew when it has grown, unless a reader needs it, and then later', (t) => {
    const file = path.join(tempFolder(t), 'pawl.db')
    createDatabaseFile(file)
    const writer = openDatabase(file, 'writer')
    const reader = openDatabase(file, 'reader')
    const bytes = () => statSync(`${file}-wal`).size
    const grow = () => {
      for (let count = 0; count < 20; count += 1) writer.statement(write).run()
      limitWal(writer, file, WATCHED_BYTES)
    }
    writer.exec('CREATE TABLE big (bytes BLOB)')
    limitWal(writer, file, WATCHED_BYTES)
    assert.ok(bytes() > 0)
    grow()
    assert.equal(bytes(), 0)
    reader.exec('BEGIN')
    reader.statement('SELECT count(*) FROM big').all()
    grow()
    assert.ok(bytes() > WATCHED_BYTES)
    reader.exec('COMMIT')
    grow()
    assert.equal(bytes(), 0)
    reader.close()
    writer.close()
  })

  it('may not exist at all', (t) => {
    const file = path.join(tempFolder(t), 'pawl.db')
    createDatabaseFile(file)
    const writer = openDatabase(file, 'writer')
    limitWal(writer, file, 0)
    writer.close()
  })
})
