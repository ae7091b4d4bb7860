import { hash, randomBytes } from 'node:crypto'
import { Client } from 'pg'

const CONNECTIONS = 2
const BATCH_MAX = 64
const HANDLE_CHARS = 22
const HASH_CHARS = 43

/** The swap that pgbench does, for many rows in a statement; read back is what a token needs. */
const swapMany = `UPDATE pawl_sessions s SET generation = s.generation + 1, cur_hash = i.hash,
    cur_minted_ms = s.cur_minted_ms + 1, prev_hash = s.cur_hash,
    confirmed_ms = s.confirmed_ms + 1, idle_expires_ms = s.idle_expires_ms + 1
  FROM unnest($1::text[], $2::text[]) i (handle, hash)
  WHERE s.handle = i.handle AND s.app = 'bench' AND s.tenant = 'default'
    AND s.revoked_ms IS NULL AND s.absolute_expires_ms > 0 RETURNING s.user_id, s.claims`

/** The insert that pgbench does, for many rows in one statement. */
const insertMany = `INSERT INTO pawl_sessions
  SELECT i.handle, s.app, s.tenant, i.handle, 0, s.cur_hash, s.cur_minted_ms, s.prev_hash,
    s.confirmed_ms, s.created_ms, s.idle_timeout_ms, s.idle_expires_ms, s.absolute_expires_ms,
    s.access_ttl_seconds, s.access_kind, s.key_thumbprint, s.revoked_ms, s.end_reason, s.sweep_ms,
    s.claims, s.data, s.device
  FROM unnest($1::text[]) i (handle), pawl_sessions s
  WHERE s.handle = left(md5('1'), ${HANDLE_CHARS}) AND s.app = 'bench' AND s.tenant = 'default'`

/** What pgbench does, done by the bare process. */
export type BareWrite = 'swap' | 'insert'

/** Index look-ups whatever the statistics say, as the store's own connections are set to. */
const settings = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']
  .map((name) => `SET ${name} = off`)
  .join('; ')

/**
 * One write a call by bare `pg` and nothing else: calls that come together share a statement, of
 * which two are under way at a time. The rows are those that pgbench works on.
 */
export async function openWrites(
  url: string,
  rows: number,
  write: BareWrite,
): Promise<() => Promise<void>> {
  const idle: Client[] = []
  while (idle.length < CONNECTIONS) {
    const client = new Client(url)
    await client.connect()
    await client.query(settings)
    idle.push(client)
  }
  const waiting: (() => void)[] = []
  let isScheduled = false

  function flush(): void {
    isScheduled = false
    while (waiting.length > 0 && idle.length > 0) {
      const client = idle.pop()
      if (client !== undefined) void carry(client, waiting.splice(0, BATCH_MAX))
    }
  }

  async function carry(client: Client, batch: readonly (() => void)[]): Promise<void> {
    await client.query({
      ...(write === 'swap' ? swapOf(batch.length, rows) : insertOf(batch.length)),
      name: write,
      rowMode: 'array' as const,
    })
    idle.push(client)
    for (const done of batch) done()
    flush()
  }

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (isScheduled) return
      isScheduled = true
      setImmediate(flush)
    })
}

function swapOf(count: number, rows: number) {
  const handles = new Set<string>()
  while (handles.size < count) {
    const index = rows + Math.floor(Math.random() * rows)
    handles.add(hash('md5', String(index)).slice(0, HANDLE_CHARS))
  }
  const hashes = Array.from({ length: count }, () => String(Math.random()).padEnd(HASH_CHARS, 'x'))
  return { text: swapMany, values: [[...handles].sort(), hashes] }
}

function insertOf(count: number) {
  const handles = Array.from({ length: count }, () =>
    randomBytes(HANDLE_CHARS).toString('base64url').slice(0, HANDLE_CHARS),
  )
  return { text: insertMany, values: [handles] }
}
