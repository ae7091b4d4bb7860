import { postgresStore } from '@pawl/store-postgres'
import { startEngine } from '../../../test/engines/index.ts'
import type { Figure, Goal, Line } from '../figure.ts'
import { interleave } from '../interleave.ts'
import { boundOf } from '../service/bare-load.ts'
import { httpLoad } from './http-load.ts'
import { fillPostgres, pgbenchOn } from './pgbench.ts'
import { tailLine } from './tail-latency.ts'

const ROWS = Number(process.env.PAWL_BENCH_ROWS ?? 1_000_000)
const ROUNDS = Number(process.env.PAWL_BENCH_ROUNDS ?? 15)
const LIVE = Math.min(20_000, ROWS / 50)
const ROUND_SECONDS = 1

/** A core over HTTP on PostgreSQL, beside pgbench on the same table. */
export const postgresHttp: Figure = {
  name: 'stores-postgres-http',
  title: `refresh and log-in over HTTP, PostgreSQL, ${ROWS} rows, one core, ES256, beside pgbench`,
  isOnlyByName: true,
  async measure() {
    const engine = await startEngine('postgres')
    const url = new URL(engine.url)
    url.searchParams.set('host', engine.socketFolder ?? '')
    const store = postgresStore({ url: url.href })
    const fill = (range: { from: number; to: number }) => fillPostgres(engine, range)
    const load = await httpLoad(url.href, { store, fill }, { rows: 2 * ROWS, live: LIVE })
    const pgbench = pgbenchOn(engine, ROWS)
    const durationMs = ROUND_SECONDS * 1000
    const lines: Line[] = []
    const compare = async (
      what: string,
      goal: Goal,
      subjects: Parameters<typeof interleave>[1] & {
        readonly reads: string
        readonly inFlight: number
        readonly write: 'swap' | 'insert'
      },
    ) => {
      const database = { url: url.href, rows: ROWS, write: subjects.write }
      const { ratio, reference, spread } = await interleave(ROUNDS, subjects)
      lines.push({
        what,
        unit: '/s',
        ours: ratio * reference,
        reference: { what: subjects.reads, value: reference },
        spread,
        bound: await boundOf(subjects.inFlight, subjects.reference, database),
        goal,
      })
    }
    try {
      await compare('refresh, 64 at a time', atLeast(0.8, 1), {
        ours: () => load.refresh(64, durationMs),
        reference: () => pgbench.run('swap', 32, ROUND_SECONDS),
        reads: 'pgbench, one swap, 32 clients',
        inFlight: 64,
        write: 'swap',
      })
      await compare('log-in, 64 at a time', atLeast(0.8, 1.2), {
        ours: () => load.create(64, durationMs),
        reference: () => pgbench.run('insert', 32, ROUND_SECONDS),
        reads: 'pgbench, one insert, 32 clients',
        inFlight: 64,
        write: 'insert',
      })
      await compare('refresh, one at a time', atLeast(0.4, 0.6), {
        ours: () => load.refresh(1, durationMs),
        reference: () => pgbench.run('swap', 1, ROUND_SECONDS),
        reads: 'pgbench, one swap, 1 client',
        inFlight: 1,
        write: 'swap',
      })
      const repeated = await load.repeat(64, durationMs)
      lines.push({ what: 'a current token (a read)', unit: '/s', ours: repeated, reference: null })
      lines.push(await tailLine(load))
      return lines
    } finally {
      await load.close()
      await store.close()
      await engine.stop()
    }
  },
}

function atLeast(target: number, moonshot: number): Goal {
  return { kind: 'atLeast', target, moonshot }
}
