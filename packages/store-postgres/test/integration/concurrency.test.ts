import assert from 'node:assert/strict'
import { it } from 'node:test'
import { postgresStore } from '@pawl/store-postgres'
import { Client } from 'pg'
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

const schema = `concurrency_${process.pid}_${Date.now()}`

async function open({ url: engineUrl }: { readonly url: string }) {
  const url = new URL(engineUrl)
  url.searchParams.set('schema', schema)
  const store = postgresStore({ url: url.href })
  await store.migrate()
  const client = new Client({ connectionString: engineUrl })
  await client.connect()
  await client.query(`SET search_path = ${schema}`)
  const rival = {
    query: (text: string) => client.query(text),
    countWaiting: async () => {
      const { rows } = await client.query(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
         WHERE application_name = 'pawl' AND wait_event_type = 'Lock'`,
      )
      return rows[0].waiting as number
    },
  }
  const close = async () => {
    await client.end()
    await store.close()
  }
  return { store, rival, close }
}

function testOwn(ground: () => MeetingGround): void {
  it('gives up a statement that a deadlock rolled back only to run it again', async () => {
    const { store, rival, waiters } = ground()
    const { labels, low, high } = inOrderOfHandles('deadlock a', 'deadlock b')
    await Promise.all(labels.map((label) => store.insert(sessionOf(label), null)))
    await rival.query(`BEGIN; SET LOCAL deadlock_timeout = '10s'`)
    await rival.query(`SELECT FROM pawl_sessions WHERE handle = '${high}' FOR UPDATE`)
    const batch = Promise.all(
      labels.map((label) => store.rotate(sessionOf(label), rotationOf(label, 0))),
    )
    await waiters(1)
    // The batch has the low row and waits for the high one; now the rival wants the low one.
    await rival.query(`SELECT FROM pawl_sessions WHERE handle = '${low}' FOR UPDATE`)
    await rival.query('COMMIT')
    for (const outcome of await batch) assert.equal(outcome?.advanced, true)
  })

  it('keeps a limit that two log-ins reach at the same moment', async () => {
    const { store, rival, waiters } = ground()
    const limit = { max: 1, policy: 'refuse' } as const
    const userId = 'limited' as never
    const [first, second] = [sessionOf('limit a', { userId }), sessionOf('limit b', { userId })]
    await rival.query('BEGIN')
    await rival.query(`SELECT * FROM pawl_make_room('app', 'default', 'limited',
      '${first.handle}', ${NOW_MS}, 1, false, 86400000)`)
    const outcome = store.insert(second, limit)
    await waiters(1)
    await rival.query(`INSERT INTO pawl_sessions SELECT '${first.handle}', app, tenant, 'limited',
      generation, cur_hash, cur_minted_ms, prev_hash, confirmed_ms, created_ms, idle_timeout_ms,
      idle_expires_ms, absolute_expires_ms, access_ttl_seconds, access_kind, key_thumbprint,
      revoked_ms, end_reason, sweep_ms, claims, data, device
      FROM pawl_sessions WHERE handle = '${sessionOf('touched').handle}'`)
    await rival.query('COMMIT')
    assert.deepEqual(await outcome, { kind: 'limit-reached' })
  })
}

describeMeetingWriters({
  engine: 'postgres',
  title: 'PostgreSQL',
  options: { settings: { deadlock_timeout: '50ms' } },
  open,
  appendEntry: (handle) => `WITH n AS (UPDATE pawl_log_end SET number = number + 1 RETURNING number)
    INSERT INTO pawl_revocations (number, app, tenant, user_id, handle, at_ms, reason)
    SELECT number, 'app', 'default', 'u', '${handle}', 1, 'revoked' FROM n`,
  testOwn,
})
