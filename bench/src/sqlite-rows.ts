import { DatabaseSync } from 'node:sqlite'

/** Every so many rows one is a session that the benchmark holds a token of. */
export const LIVE_SPACING = 50

/**
 * Spreads the sessions of a database out and fills the space between with copies of the first, up
 * to `rows`: a refresh then meets a page of its own, as in a table that grew over months.
 */
export function fillRows(file: string, rows: number): void {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA busy_timeout = 10000')
  const columns = database
    .prepare("SELECT name FROM pragma_table_info('sessions') WHERE name <> 'id'")
    .all()
    .map(({ name }) => String(name))
  const values = columns.map((name) => {
    if (name === 'handle') return 'substr(hex(randomblob(11)), 1, 22)'
    if (name === 'cur_hash') return 'substr(hex(randomblob(22)), 1, 43)'
    return name === 'user_id' ? "'filler-' || n" : `model.${name}`
  })
  database.exec(`
    BEGIN IMMEDIATE;
    UPDATE sessions SET id = -id * ${LIVE_SPACING};
    UPDATE sessions SET id = -id;
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${rows})
    INSERT INTO sessions (id, ${columns.join(', ')})
    SELECT n, ${values.join(', ')} FROM numbers, sessions AS model
    WHERE model.id = ${LIVE_SPACING} AND n % ${LIVE_SPACING} <> 0;
    COMMIT;
    PRAGMA wal_checkpoint(TRUNCATE);
  `)
  database.close()
}

/**
 * The reference: conditional updates by primary key of random rows, so many a transaction, durable
 * (WAL, FULL), in a loop that does nothing else. Returns a loop that runs for a time and gives
 * updates a second.
 */
export function bareUpdates(
  database: DatabaseSync,
  perTransaction: number,
): (durationMs: number) => number {
  database.exec('PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000')
  const rows = database
    .prepare(`SELECT app, tenant, handle, cur_hash AS hash FROM sessions WHERE id % ? = 1`)
    .all(LIVE_SPACING) as { app: string; tenant: string; handle: string; hash: string }[]
  const update = database.prepare(`
    UPDATE sessions SET generation = generation + 1, prev_hash = cur_hash, cur_hash = ?,
      cur_minted_ms = ?, confirmed_ms = ?, idle_expires_ms = ?
    WHERE app = ? AND tenant = ? AND handle = ? AND cur_hash = ? AND revoked_ms IS NULL`)
  let count = 0
  function updateOne(nowMs: number): void {
    const row = rows[Math.floor(Math.random() * rows.length)]
    if (row === undefined) throw new Error('there are no rows')
    count += 1
    const hash = String(count).padEnd(43, 'x')
    const { app, tenant, handle } = row
    const { changes } = update.run(
      ...[hash, nowMs, nowMs, nowMs + 1_209_600_000, app, tenant, handle, row.hash],
    )
    if (changes !== 1) throw new Error('an update met no row')
    row.hash = hash
  }
  return (durationMs) => {
    const startedMs = performance.now()
    const before = count
    while (performance.now() - startedMs < durationMs) {
      database.exec('BEGIN IMMEDIATE')
      for (let each = 0; each < perTransaction; each++) updateOne(Date.now())
      database.exec('COMMIT')
    }
    return ((count - before) / (performance.now() - startedMs)) * 1000
  }
}
