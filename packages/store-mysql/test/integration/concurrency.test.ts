import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Store } from '@pawl/core'
import { mysqlStore } from '@pawl/store-mysql'
import type { Connection } from 'mysql2/promise'
import { type Engine, isChosen, useEngine } from '../../../../test/engines/index.ts'
import {
  hashOf,
  NOW_MS,
  rotationOf,
  sessionOf,
} from '../../../../test/engines/trouble/labelled-sessions.ts'
import { connectTo, freshDatabase } from './databases.ts'

function describeConcurrency(): void {
  let engine: Engine
  let database: Awaited<ReturnType<typeof freshDatabase>>
  let store: Store
  let rival: Connection

  before(async () => {
    engine = await useEngine('mariadb')
    database = await freshDatabase(engine.url)
    store = mysqlStore({ url: database.url, statementTimeoutMs: 60_000 })
    await store.migrate()
    rival = await connectTo(database.url)
    await rival.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
  })
  after(async () => {
    await rival?.end()
    await store?.close()
    await database?.drop()
    await engine?.stop()
  })

  /**
   * Resolves when so many transactions wait for a lock. The server makes the list anew only for one
   * who has not asked for a tenth of a second.
   */
  async function waiters(count: number): Promise<void> {
    for (;;) {
      await pause(110)
      const [rows] = await rival.query(
        "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
      )
      if (((rows as number[][])[0]?.[0] ?? 0) >= count) return
    }
  }

  /** What `work` makes of a row while another transaction has changed it and not yet committed. */
  async function whileLocked<T>(change: string, work: () => Promise<T>): Promise<T> {
    await rival.query('START TRANSACTION')
    await rival.query(change)
    const result = work()
    result.catch(() => {})
    await waiters(1)
    await rival.query('COMMIT')
    return result
  }

  it('answers a rotation that lost with the row as the winner left it', async () => {
    for (const company of [0, 3]) {
      const label = `lost with ${company}`
      const session = sessionOf(label)
      await store.insert(session, null)
      const winner = hashOf('the winner')
      const change = `UPDATE pawl_sessions SET cur_hash = '${winner}', generation = 1
        WHERE handle = '${session.handle}'`
      const [outcome, ...others] = await whileLocked(change, () =>
        Promise.all([
          store.rotate(session, rotationOf(label, 0)),
          ...Array.from({ length: company }, async (_, index) => {
            const other = sessionOf(`${label}: ${index}`)
            return store.rotate(other, rotationOf(`${label}: ${index}`, 0))
          }),
        ]),
      )
      assert.equal(outcome?.advanced, false)
      assert.equal(outcome?.session.curHash2, winner)
      assert.equal(outcome?.session.generation, 1)
      assert.deepEqual(new Set(others), new Set(company === 0 ? [] : [undefined]))
    }
  })

  it('answers a rotation of a row that is deleted meanwhile with nothing', async () => {
    const session = sessionOf('deleted')
    await store.insert(session, null)
    const change = `DELETE FROM pawl_sessions WHERE handle = '${session.handle}'`
    const outcome = await whileLocked(change, () => store.rotate(session, rotationOf('deleted', 0)))
    assert.equal(outcome, undefined)
  })

  it('advances past a writer that touched the row and not its hash', async () => {
    const session = sessionOf('touched')
    await store.insert(session, null)
    const change = `UPDATE pawl_sessions SET claims = '{"fresh":true}'
      WHERE handle = '${session.handle}'`
    const outcome = await whileLocked(change, () => store.rotate(session, rotationOf('touched', 0)))
    assert.equal(outcome?.advanced, true)
    assert.deepEqual(outcome?.session.claims, { fresh: true })
  })

  it('advances once however often the same rotation comes', async () => {
    const session = sessionOf('again')
    await store.insert(session, null)
    const rotation = rotationOf('again', 0)
    const rotations = Array.from({ length: 5 }, () => store.rotate(session, rotation))
    const outcomes = await Promise.all(rotations)
    assert.equal(outcomes.filter((outcome) => outcome?.advanced).length, 1)
    for (const outcome of outcomes) assert.equal(outcome?.session.curHash2, rotation.next.curHash2)
  })

  it('does not end a judged session that moved on meanwhile', async () => {
    const session = sessionOf('judged')
    await store.insert(session, null)
    const change = `UPDATE pawl_sessions SET cur_hash = '${hashOf('moved on')}'
      WHERE handle = '${session.handle}'`
    const theft = { reason: 'theft', nowMs: NOW_MS, judged: session.curHash2 } as const
    assert.equal(await whileLocked(change, () => store.revoke(session, theft)), false)
    assert.equal((await store.find(session))?.revokedAtMs, null)
  })

  it('does not advance a session whose user is cut off while the rotation waits', async () => {
    const session = sessionOf('cut off')
    await store.insert(session, null)
    const { app, tenant, userId } = session
    await rival.query(`START TRANSACTION;
      SELECT 1 FROM pawl_sessions WHERE handle = '${session.handle}' FOR UPDATE`)
    const rotation = store.rotate(session, rotationOf('cut off', 0))
    await waiters(1)
    const cut = { beforeMs: NOW_MS, nowMs: NOW_MS, reason: 'revoked' } as const
    await store.revokeBefore({ app, tenant, userId }, cut)
    await rival.query('COMMIT')
    const outcome = await rotation
    assert.equal(outcome?.advanced, false)
    assert.equal(outcome?.session.revokedAtMs, NOW_MS)
  })

  it('runs a packet again that a deadlock rolled back', async () => {
    const labels = ['deadlock a', 'deadlock b'].sort((a, b) =>
      sessionOf(a).handle < sessionOf(b).handle ? -1 : 1,
    )
    const [low, high] = labels.map((label) => sessionOf(label).handle)
    await Promise.all(labels.map((label) => store.insert(sessionOf(label), null)))
    // What has written most is not the one that is given up.
    await rival.query(`START TRANSACTION;
      INSERT INTO pawl_records SELECT 'filler', 'x', turn, 1, '' FROM pawl_turns`)
    await rival.query(`SELECT 1 FROM pawl_sessions WHERE handle = '${high}' FOR UPDATE`)
    const batch = Promise.all(
      labels.map((label) => store.rotate(sessionOf(label), rotationOf(label, 0))),
    )
    await waiters(1)
    // The batch has the low row and waits for the high one; now the rival wants the low one.
    await rival.query(`SELECT 1 FROM pawl_sessions WHERE handle = '${low}' FOR UPDATE`)
    await rival.query('ROLLBACK')
    for (const outcome of await batch) assert.equal(outcome?.advanced, true)
  })

  it('shows no entry of the log behind a cursor, whatever commits last', async () => {
    const [early, late] = [sessionOf('log early'), sessionOf('log late')]
    await Promise.all([store.insert(early, null), store.insert(late, null)])
    const start = await store.revocationsEnd()
    // A writer that has its number and is slow to commit.
    await rival.query(`START TRANSACTION;
      UPDATE pawl_log_end SET number = LAST_INSERT_ID(number) + 1;
      INSERT INTO pawl_revocations (number, tag, app, tenant, user_id, handle, at_ms, reason)
      VALUES (LAST_INSERT_ID() + 1, 1, 'app', 'default', 'u', '${early.handle}', 1, 'revoked')`)
    const revoked = store.revoke(late, { reason: 'sign-out', nowMs: NOW_MS })
    await waiters(1)
    const between = await store.revocationsAfter(start, 10)
    assert.deepEqual(between.entries, [])
    assert.equal(await store.revocationsEnd(), start)
    await rival.query('COMMIT')
    assert.equal(await revoked, true)
    const { entries } = await store.revocationsAfter(between.cursor, 10)
    const handles = entries.map((entry) => (entry.kind === 'session' ? entry.handle : ''))
    assert.deepEqual(handles, [early.handle, late.handle])
  })

  it('reads the log from its start when a number came back with another entry', async () => {
    const [lost, other] = [sessionOf('log lost'), sessionOf('log other')]
    await Promise.all([store.insert(lost, null), store.insert(other, null)])
    await store.revoke(lost, { reason: 'revoked', nowMs: NOW_MS })
    const cursor = await store.revocationsEnd()
    assert.equal((await store.revocationsAfter(cursor, 10)).entries.length, 0)
    // As after a crash that took the last commit back.
    await rival.query(`DELETE FROM pawl_revocations ORDER BY number DESC LIMIT 1;
      UPDATE pawl_log_end SET number = number - 1`)
    await store.revoke(other, { reason: 'revoked', nowMs: NOW_MS })
    const { entries } = await store.revocationsAfter(cursor, 500)
    const handles = entries.map((entry) => (entry.kind === 'session' ? entry.handle : ''))
    assert.equal(handles.at(-1), other.handle)
  })

  it('keeps a limit that two log-ins reach at the same moment', async () => {
    const limit = { max: 1, policy: 'refuse' } as const
    const userId = 'limited' as never
    const [first, second] = [sessionOf('limit a', { userId }), sessionOf('limit b', { userId })]
    await rival.query('START TRANSACTION')
    await rival.query(`SELECT turn FROM pawl_turns
      WHERE turn = CRC32('app\\ndefault\\nlimited') % 256 FOR UPDATE`)
    const outcome = store.insert(second, limit)
    await waiters(1)
    await store.insert(first, null)
    await rival.query('COMMIT')
    assert.deepEqual(await outcome, { kind: 'limit-reached' })
  })
}

if (isChosen('mariadb')) describe('MariaDB, when writers meet', describeConcurrency)
