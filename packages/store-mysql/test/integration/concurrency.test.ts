import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { mysqlStore } from '@pawl/store-mysql'
import {
  describeMeetingWriters,
  inOrderOfHandles,
  type MeetingGround,
} from '../../../../test/engines/trouble/describe-meeting-writers.ts'
import {
  NOW_MS,
  rotationOf,
  sessionOf,
} from '../../../../test/engines/trouble/labelled-sessions.ts'
import { connectTo, freshDatabase } from './databases.ts'

/** The server makes its list of transactions anew only for one who has not asked for so long. */
const LIST_KEPT_MS = 110

async function open(engine: { readonly url: string }) {
  const database = await freshDatabase(engine.url)
  const store = mysqlStore({ url: database.url, statementTimeoutMs: 60_000 })
  await store.migrate()
  const client = await connectTo(database.url)
  await client.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
  const rival = {
    query: (text: string) => client.query(text),
    countWaiting: async () => {
      await pause(LIST_KEPT_MS)
      const [rows] = await client.query(
        "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
      )
      return (rows as number[][])[0]?.[0] ?? 0
    },
  }
  const close = async () => {
    await client.end()
    await store.close()
    await database.drop()
  }
  return { store, rival, close }
}

function testOwn(ground: () => MeetingGround): void {
  it('does not advance a session whose user is cut off while the rotation waits', async () => {
    const { store, rival, waiters } = ground()
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
    const { store, rival, waiters } = ground()
    const { labels, low, high } = inOrderOfHandles('deadlock a', 'deadlock b')
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

  it('reads the log from its start when a number came back with another entry', async () => {
    const { store, rival } = ground()
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
    const { store, rival, waiters } = ground()
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

describeMeetingWriters({
  engine: 'mariadb',
  title: 'MariaDB',
  open,
  appendEntry: (handle) => `UPDATE pawl_log_end SET number = LAST_INSERT_ID(number) + 1;
    INSERT INTO pawl_revocations (number, tag, app, tenant, user_id, handle, at_ms, reason)
    VALUES (LAST_INSERT_ID() + 1, 1, 'app', 'default', 'u', '${handle}', 1, 'revoked')`,
  testOwn,
})
