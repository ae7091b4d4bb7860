import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Engine } from '../../../test/engines/index.ts'
import { postgresPrograms } from '../../../test/engines/postgres.ts'

/** One row, found by its key and changed on its conditions: what a refresh has to write. */
const swapSql = `\\set i random(:rows, 2 * :rows - 1)
UPDATE pawl_sessions SET generation = generation + 1,
  cur_hash = left(:i::text || '-' || generation || repeat('x', 43), 43),
  cur_minted_ms = cur_minted_ms + 1, prev_hash = cur_hash, confirmed_ms = confirmed_ms + 1,
  idle_expires_ms = idle_expires_ms + 1
WHERE handle = left(md5(:i::text), 22) AND app = 'bench' AND tenant = 'default'
  AND revoked_ms IS NULL AND absolute_expires_ms > 0 RETURNING *;
`

/** A new row, copied from one that is there. */
const insertSql = `INSERT INTO pawl_sessions
SELECT replace(gen_random_uuid()::text, '-', ''), app, tenant, gen_random_uuid()::text, 0, cur_hash,
  cur_minted_ms, prev_hash, confirmed_ms, created_ms, idle_timeout_ms, idle_expires_ms,
  absolute_expires_ms, access_ttl_seconds, access_kind, key_thumbprint, revoked_ms, end_reason,
  sweep_ms, claims, data, device
FROM pawl_sessions WHERE handle = left(md5('1'), 22) AND app = 'bench' AND tenant = 'default';
`

/** Copies of the first session of a workload as its others, from a number up to another. */
const fillSql = (schema: string, from: number, to: number) => `SET search_path = ${schema};
INSERT INTO pawl_sessions (handle, app, tenant, user_id, generation, cur_hash, cur_minted_ms,
  prev_hash, confirmed_ms, created_ms, idle_timeout_ms, idle_expires_ms, absolute_expires_ms,
  access_ttl_seconds, access_kind, key_thumbprint, revoked_ms, end_reason, sweep_ms, claims, data,
  device)
SELECT left(md5(i::text), 22), app, tenant, 'user-' || i, 0, rpad(i || '-0-', 43, 'x'),
  cur_minted_ms, prev_hash, confirmed_ms, created_ms, idle_timeout_ms, idle_expires_ms,
  absolute_expires_ms, access_ttl_seconds, access_kind, key_thumbprint, revoked_ms, end_reason,
  sweep_ms, claims, data, device
FROM generate_series(${from}, ${to - 1}) i, pawl_sessions
WHERE handle = left(md5('0'), 22) AND app = 'bench' AND tenant = 'default'`

/** Fills a table that has the first session of a workload with the others, in one statement. */
export async function fillPostgres(
  engine: Engine,
  range: { readonly from: number; readonly to: number; readonly schema?: string },
): Promise<void> {
  const text = fillSql(range.schema ?? 'public', range.from, range.to)
  const place = ['-h', engine.socketFolder ?? '', '-p', String(engine.port), '-U', 'pawl']
  const args = [...place, '-q', '-v', 'ON_ERROR_STOP=1', '-c', text, 'pawl']
  const child = spawn(path.join(postgresPrograms(), 'psql'), args, { stdio: 'inherit' })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error('the table could not be filled')
}

/** What pgbench can be asked to do. */
export interface Pgbench {
  /** Prepared statements from so many clients for a time; transactions a second. */
  run(script: 'swap' | 'insert', clients: number, seconds: number): Promise<number>
}

/** pgbench on the sessions of an engine: `rows` of ours, and as many behind them for itself. */
export function pgbenchOn(engine: Engine, rows: number): Pgbench {
  const folder = engine.socketFolder ?? ''
  const files = {
    swap: path.join(folder, 'swap.sql'),
    insert: path.join(folder, 'insert.sql'),
  }
  writeFileSync(files.swap, swapSql)
  writeFileSync(files.insert, insertSql)
  const base = ['-h', folder, '-p', String(engine.port), '-U', 'pawl', '-n', '-M', 'prepared']
  return {
    run: async (script, clients, seconds) => {
      const threads = String(Math.min(clients, 2))
      const load = ['-c', String(clients), '-j', threads, '-T', String(seconds)]
      const args = [...base, '-D', `rows=${rows}`, ...load, '-f', files[script], 'pawl']
      const child = spawn(path.join(postgresPrograms(), 'pgbench'), args, {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
      })
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
      })
      await once(child, 'close')
      const perSecond = Number(/^tps = ([\d.]+)/m.exec(output)?.[1])
      if (!(perSecond > 0)) throw new Error(`pgbench failed: ${output.slice(0, 500)}`)
      return perSecond
    },
  }
}
