import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Store } from '@pawl/core'
import { postgresStore } from '@pawl/store-postgres'
import { Client } from 'pg'
import { type Engine, isChosen, useEngine } from '../../../../test/engines/index.ts'
import {
  hashOf,
  NOW_MS,
  rotationOf,
  sessionOf,
} from '../../../../test/engines/trouble/labelled-sessions.ts'

function describeConcurrency(): void {
  let engine: Engine
  let store: Store
  let rival: Client
  const schema = `concurrency_${process.pid}_${Date.now()}`

  before(async () => {
    engine = await useEngine('postgres', { settings: { deadlock_timeout: '50ms' } })
    const url = new URL(engine.url)
    url.searchParams.set('schema', schema)
    store = postgresStore({ url: url.href })
    await store.migrate()
    rival = new Client({ connectionString: engine.url })
    await rival.connect()
    await rival.query(`SET search_path = ${schema}`)
  })
  after(async () => {
    await rival?.end()
    await store?.close()
    await engine?.stop()
  })

  /** Resolves when so many statements of the store wait for a lock. */
  async function waiters(count: number): Promise<void> {
    for (;;) {
      const { rows } = await rival.query(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
         WHERE application_name = 'pawl' AND wait_event_type = 'Lock'`,
      )
      if (rows[0].waiting >= count) return
    }
  }

  /** What `work` makes of a row while another transaction has changed it and not yet committed. */
  async function whileLocked<T>(change: string, work: () => Promise<T>): Promise<T> {
    await rival.query('BEGIN')
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

  it('does not end a judged session that moved on meanwhile', async () => {
    const session = sessionOf('judged')
    await store.insert(session, null)
    const change = `UPDATE pawl_sessions SET cur_hash = '${hashOf('moved on')}'
      WHERE handle = '${session.handle}'`
    const theft = { reason: 'theft', nowMs: NOW_MS, judged: session.curHash2 } as const
    assert.equal(await whileLocked(change, () => store.revoke(session, theft)), false)
    assert.equal((await store.find(session))?.revokedAtMs, null)
  })

  it('gives up a statement that a deadlock rolled back only to run it again', async () => {
    const [low, high] = [sessionOf('deadlock a'), sessionOf('deadlock b')].sort((a, b) =>
      a.handle < b.handle ? -1 : 1,
    ) as [ReturnType<typeof sessionOf>, ReturnType<typeof sessionOf>]
    await Promise.all([store.insert(low, null), store.insert(high, null)])
    await rival.query(`BEGIN; SET LOCAL deadlock_timeout = '10s'`)
    await rival.query(`SELECT FROM pawl_sessions WHERE handle = '${high.handle}' FOR UPDATE`)
    const label = (session: typeof low) =>
      session.handle === sessionOf('deadlock a').handle ? 'deadlock a' : 'deadlock b'
    const batch = Promise.all(
      [low, high].map((each) => store.rotate(each, rotationOf(label(each), 0))),
    )
    await waiters(1)
    // The batch has the low row and waits for the high one; now the rival wants the low one.
    await rival.query(`SELECT FROM pawl_sessions WHERE handle = '${low.handle}' FOR UPDATE`)
    await rival.query('COMMIT')
    for (const outcome of await batch) assert.equal(outcome?.advanced, true)
  })

  it('shows no entry of the log behind a cursor, whatever commits last', async () => {
    const [early, late] = [sessionOf('log early'), sessionOf('log late')]
    await Promise.all([store.insert(early, null), store.insert(late, null)])
    const start = await store.revocationsEnd()
    // A writer that has its number and is slow to commit.
    await rival.query('BEGIN')
    await rival.query(`WITH n AS (UPDATE pawl_log_end SET number = number + 1 RETURNING number)
      INSERT INTO pawl_revocations (number, app, tenant, user_id, handle, at_ms, reason)
      SELECT number, 'app', 'default', 'u', '${early.handle}', 1, 'revoked' FROM n`)
    const end = { reason: 'sign-out', nowMs: NOW_MS } as const
    const revoked = store.revoke(late, end)
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

  it('keeps a limit that two log-ins reach at the same moment', async () => {
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

if (isChosen('postgres')) describe('PostgreSQL, when writers meet', describeConcurrency)
