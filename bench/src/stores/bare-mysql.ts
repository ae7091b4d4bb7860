import { createHash } from 'node:crypto'
import { type Connection, createConnection } from 'mysql2/promise'

/** A new database on the server of a URL; its own URL. */
export async function newDatabase(serverUrl: string, name: string): Promise<string> {
  const connection = await connect(serverUrl)
  await connection.query(`CREATE DATABASE ${name}`)
  await connection.end()
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

/** Rows of a table that a bare loop works on, and where each of them stands. */
interface BareRows {
  readonly url: string
  readonly from: number
  readonly generations: Uint32Array
}

/** What is done to a store's table without the store; its own rows are `from` to `to`. */
export async function openBare(url: string, { from = 0, to = 0 } = {}) {
  const connection = await connect(url)
  const rows: BareRows = { url, from, generations: new Uint32Array(to - from) }
  return {
    loop: (load: BareLoad) => bareLoop(rows, load),
    /** Copies of the first session of a workload as its others, from a number up to another. */
    fill: async ({ from, to }: { readonly from: number; readonly to: number }) => {
      await connection.query(`INSERT INTO pawl_sessions (handle, app, tenant, user_id, generation,
          cur_hash, cur_minted_ms, prev_hash, confirmed_ms, created_ms, idle_timeout_ms,
          idle_expires_ms, absolute_expires_ms, access_ttl_seconds, access_kind, key_thumbprint,
          revoked_ms, end_reason, sweep_ms, mark, claims, data, device)
        SELECT LEFT(MD5(i.seq), 22), s.app, s.tenant, CONCAT('user-', i.seq), 0,
          RPAD(CONCAT(i.seq, '-0-'), 43, 'x'), s.cur_minted_ms, s.prev_hash, s.confirmed_ms,
          s.created_ms, s.idle_timeout_ms, s.idle_expires_ms, s.absolute_expires_ms,
          s.access_ttl_seconds, s.access_kind, s.key_thumbprint, s.revoked_ms, s.end_reason,
          s.sweep_ms, s.mark, s.claims, s.data, s.device
        FROM seq_${from}_to_${to - 1} i, pawl_sessions s
        WHERE s.handle = LEFT(MD5('0'), 22) AND s.app = 'bench' AND s.tenant = 'default'
        ORDER BY 1`)
    },
    close: () => connection.end(),
  }
}

/** What a bare loop is to do. */
interface BareLoad {
  readonly connections: number
  /** Swaps a packet. */
  readonly rows: number
}

/**
 * Swaps as short as they can be, by `mysql2` and nothing else: rows found by their key and changed
 * on their conditions, as many a packet as ours carry, nothing read back.
 */
async function bareLoop({ url, from, generations }: BareRows, load: BareLoad) {
  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => connect(url)),
  )
  const busy = new Set<number>()
  const swap = async (connection: Connection): Promise<void> => {
    const picked = new Set<number>()
    while (picked.size < load.rows) {
      const index = Math.floor(Math.random() * generations.length)
      if (!busy.has(index)) picked.add(index)
    }
    for (const index of picked) busy.add(index)
    const rows = [...picked].map((index) => swapOf(from + index, generations[index] ?? 0))
    const [result] = await connection.query(swapText(rows))
    if ((result as { affectedRows: number }).affectedRows !== load.rows) {
      throw new Error('a swap of the benchmark was refused')
    }
    for (const index of picked) {
      generations[index] = (generations[index] ?? 0) + 1
      busy.delete(index)
    }
  }
  return {
    /** Swaps for a time; rows a second. */
    run: async (durationMs: number): Promise<number> => {
      const startedMs = performance.now()
      let swapped = 0
      const loop = async (connection: Connection) => {
        while (performance.now() - startedMs < durationMs) {
          await swap(connection)
          swapped += load.rows
        }
      }
      await Promise.all(connections.map(loop))
      return (swapped * 1000) / (performance.now() - startedMs)
    },
    close: async () => {
      for (const connection of connections) await connection.end()
    },
  }
}

interface Swap {
  readonly handle: string
  readonly expected: string
  readonly next: string
}

/** In the order of the table, as ours are. */
function swapText(rows: readonly Swap[]): string {
  const sorted = rows.toSorted((a, b) => (a.handle < b.handle ? -1 : 1))
  const swaps = sorted.map(
    ({ handle, expected, next }) =>
      `SELECT _binary'${handle}' AS handle, _binary'${expected}' AS expected,
        _binary'${next}' AS next`,
  )
  return `UPDATE (${swaps.join(' UNION ALL ')}) i STRAIGHT_JOIN pawl_sessions s
    ON s.handle = i.handle AND s.app = _binary'bench' AND s.tenant = _binary'default'
    SET s.generation = s.generation + 1, s.prev_hash = s.cur_hash, s.cur_hash = i.next,
      s.cur_minted_ms = s.cur_minted_ms + 1, s.confirmed_ms = s.confirmed_ms + 1,
      s.idle_expires_ms = s.idle_expires_ms + 1
    WHERE s.cur_hash = i.expected AND s.revoked_ms IS NULL AND s.absolute_expires_ms > 0`
}

function swapOf(index: number, generation: number): Swap {
  const handle = createHash('md5').update(String(index)).digest('hex').slice(0, 22)
  return { handle, expected: hashOf(index, generation), next: hashOf(index, generation + 1) }
}

function hashOf(index: number, generation: number): string {
  return `${index}-${generation}-`.padEnd(43, 'x')
}

function connect(url: string): Promise<Connection> {
  return createConnection({ uri: url, charset: 'utf8mb4_bin' })
}
