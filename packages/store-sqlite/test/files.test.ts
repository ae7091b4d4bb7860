import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { isStoreError, type Store, type StoreErrorKind } from '@pawl/core'
import { sqliteStore } from '@pawl/store-sqlite'
import { newRow } from './rows-for-tests.ts'
import { tempFolder } from './temp-folder.ts'

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8)
}

function isOfKind(kind: StoreErrorKind, text: RegExp) {
  return (error: unknown) => isStoreError(error) && error.kind === kind && text.test(error.message)
}

describe('the files of a SQLite store', () => {
  it('are for the owner alone, and so is the folder it makes, whatever the umask', async (t) => {
    const before = process.umask(0)
    t.after(() => process.umask(before))
    const file = path.join(tempFolder(t), 'deep', 'er', 'pawl.db')
    const store = sqliteStore({ path: file })
    await store.migrate()
    await store.insert(newRow('a'), null)
    assert.equal(modeOf(path.dirname(file)), '700')
    for (const suffix of ['', '-wal', '-shm']) assert.equal(modeOf(file + suffix), '600')
    await store.close()
  })

  it('keep the modes that somebody gave them', async (t) => {
    const folder = path.join(tempFolder(t), 'given')
    mkdirSync(folder, { mode: 0o755 })
    const file = path.join(folder, 'pawl.db')
    writeFileSync(file, '')
    chmodSync(file, 0o640)
    const store = sqliteStore({ path: file })
    await store.migrate()
    assert.deepEqual([modeOf(folder), modeOf(file), modeOf(`${file}-wal`)], ['755', '640', '640'])
    await store.close()
  })

  it('are not touched before the store is used', async (t) => {
    const file = path.join(tempFolder(t), 'pawl.db')
    await sqliteStore({ path: file }).close()
    assert.equal(statSync(file, { throwIfNoEntry: false }), undefined)
  })

  it('fail a ping once the path leads to another file or to none, and pass it again when put back', async (t) => {
    const file = path.join(tempFolder(t), 'pawl.db')
    const store = sqliteStore({ path: file })
    t.after(() => store.close())
    await store.migrate()
    await store.ping()
    renameSync(file, `${file}.moved`)
    await assert.rejects(store.ping(), isOfKind('unavailable', /was moved or deleted while it was/))
    copyFileSync(`${file}.moved`, file)
    await assert.rejects(store.ping(), isOfKind('unavailable', /was replaced by another one/))
    rmSync(file)
    renameSync(`${file}.moved`, file)
    await store.ping()
  })

  it('must be files', () => {
    for (const name of ['', ':memory:']) assert.throws(() => sqliteStore({ path: name }), TypeError)
  })
})

describe('a SQLite store says in one sentence what is wrong with its file', () => {
  async function refusal(store: Store, check: (error: unknown) => boolean): Promise<void> {
    await assert.rejects(store.migrate(), check)
    await store.close()
  }

  it('when it is no database', async (t) => {
    const file = path.join(tempFolder(t), 'pawl.db')
    writeFileSync(file, 'no database at all, but long enough to be looked at as if it were one')
    await refusal(sqliteStore({ path: file }), isOfKind('corrupt', /not a database/))
  })

  it('when its folder cannot be made', async (t) => {
    const file = path.join(tempFolder(t), 'file')
    writeFileSync(file, '')
    const store = sqliteStore({ path: path.join(file, 'pawl.db') })
    await refusal(store, isOfKind('unavailable', /cannot open or make .*ENOTDIR|EEXIST/))
  })

  it('when nothing has been migrated yet', async (t) => {
    const store = sqliteStore({ path: path.join(tempFolder(t), 'pawl.db') })
    const check = isOfKind('schema', /no Pawl tables.*run the migrations/)
    await assert.rejects(store.find(newRow('a')), check)
    await assert.rejects(store.insert(newRow('a'), null), check)
    await store.migrate()
    assert.equal(await store.find(newRow('a')), undefined)
    await store.close()
  })

  it('when a newer build has migrated it, and it changes nothing then', async (t) => {
    const file = path.join(tempFolder(t), 'pawl.db')
    const store = sqliteStore({ path: file })
    await store.migrate()
    await store.close()
    const db = new DatabaseSync(file)
    db.exec('UPDATE schema_version SET version = 99')
    const newer = sqliteStore({ path: file })
    const check = isOfKind('schema', /has schema 99, which is newer than the 1 of this build/)
    await assert.rejects(newer.find(newRow('a')), check)
    await refusal(newer, check)
    assert.equal(db.prepare('SELECT version FROM schema_version').get()?.version, 99)
    db.close()
  })
})
