import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createDatabaseFile, type Database, openDatabase } from '../src/database.ts'
import { migrateSchema } from '../src/migrate.ts'
import { keyToRow, sessionToRow } from '../src/rows.ts'
import { runTransaction, type WriteAnswer } from '../src/transaction.ts'
import type { WriteRequest } from '../src/writes.ts'
import { newRow } from './rows-for-tests.ts'
import { tempFolder } from './temp-folder.ts'

function openFresh(context: TestContext): { readonly db: Database; readonly file: string } {
  const file = path.join(tempFolder(context), 'pawl.db')
  createDatabaseFile(file)
  const db = openDatabase(file, 'writer')
  migrateSchema(db, null)
  context.after(() => db.close())
  return { db, file }
}

function insertion(label: string, claims = {}): WriteRequest {
  const session = { ...newRow(label), claims }
  const row = sessionToRow(session)
  const key = keyToRow(session)
  const covering = [session.app, session.tenant, session.userId, session.createdAtMs]
  return { name: 'insertRow', input: { row, key, covering, limited: null } }
}

/** A write that a NOT NULL column refuses. */
function poison(label: string): WriteRequest {
  const input = { column: 'claims', key: keyToRow(newRow(label)), text: null }
  return { name: 'updateContent', input: input as never }
}

function kindsOf(answers: readonly WriteAnswer[] | 'busy'): readonly unknown[] {
  assert.notEqual(answers, 'busy')
  if (answers === 'busy') return []
  return answers.map((answer) => ('fault' in answer ? answer.fault.kind : 'done'))
}

function countRows(db: Database): number {
  return Number(db.statement('SELECT count(*) FROM sessions').all()[0]?.[0])
}

describe('a batch of writes', () => {
  it('is answered in order, in one transaction', (t) => {
    const { db } = openFresh(t)
    const answers = runTransaction(db, [insertion('a'), insertion('b'), insertion('a')])
    const inserted = { output: { kind: 'inserted', ended: [] } }
    assert.deepEqual(answers, [inserted, inserted, { output: { kind: 'duplicate' } }])
    assert.equal(db.isInTransaction(), false)
  })

  it('does not let a write that fails take its neighbours with it', (t) => {
    const { db } = openFresh(t)
    const batch = [insertion('a'), poison('a'), insertion('b'), poison('b'), insertion('c')]
    assert.deepEqual(kindsOf(runTransaction(db, batch)), ['done', null, 'done', null, 'done'])
    assert.equal(countRows(db), 3)
  })

  it('does not let many writes that fail take the others with them', (t) => {
    const { db } = openFresh(t)
    const letters = [...'abcdefghij']
    runTransaction(
      db,
      letters.map((letter) => insertion(letter)),
    )
    const batch = letters.flatMap((letter) => [poison(letter), insertion(`${letter}2`)])
    const expected = letters.flatMap(() => [null, 'done'])
    assert.deepEqual(kindsOf(runTransaction(db, batch)), expected)
    assert.equal(countRows(db), 20)
  })

  it('is refused as read-only on a full disk, and goes on when there is room', (t) => {
    const { db } = openFresh(t)
    const large = { text: 'x'.repeat(200_000) }
    const [pages] = db.statement('PRAGMA page_count').all()
    db.exec(`PRAGMA max_page_count = ${Number(pages?.[0]) + 8}`)
    const batch = [insertion('a'), insertion('b', large), insertion('c')]
    assert.deepEqual(kindsOf(runTransaction(db, batch)), ['done', 'read-only', 'done'])
    db.exec('PRAGMA max_page_count = 100000')
    assert.deepEqual(kindsOf(runTransaction(db, batch.slice(1, 2))), ['done'])
    assert.equal(countRows(db), 3)
  })

  it('is refused as read-only by a database that takes no writes', (t) => {
    const { db } = openFresh(t)
    db.exec('PRAGMA query_only = ON')
    assert.deepEqual(kindsOf(runTransaction(db, [insertion('a')])), ['read-only'])
  })

  it('is not begun while another connection has the write lock', (t) => {
    const { db, file } = openFresh(t)
    const other = openDatabase(file, 'writer')
    other.exec('BEGIN IMMEDIATE')
    assert.equal(runTransaction(db, [insertion('a')]), 'busy')
    other.exec('COMMIT')
    assert.deepEqual(kindsOf(runTransaction(db, [insertion('a')])), ['done'])
    other.close()
  })
})
