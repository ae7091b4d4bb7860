import { hash } from 'node:crypto'
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

/** Index look-ups whatever the statistics say, as the store's own connections are set to. */
const settings = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']
  .map((name) => `SET ${name} = off`)
  .join('; ')

/**
 * One write a call by bare `pg` and nothing else: calls that come together share a statement, of
 * which two are under way at a time. The rows are those that pgbench works on.
 */
export async function openSwaps(url: string, rows: number): Promise<() => Promise<void>> {
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
    const handles = new Set<string>()
    while (handles.size < batch.length) {
      const index = rows + Math.floor(Math.random() * rows)
      handles.add(hash('md5', String(index)).slice(0, HANDLE_CHARS))
    }
    const hashes = batch.map(() => String(Math.random()).padEnd(HASH_CHARS, 'x'))
    const values = [[...handles].sort(), hashes]
    const query = { name: 'swap', text: swapMany, values, rowMode: 'array' as const }
    await client.query(query)
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
