import { postgresStore } from '@pawl/store-postgres'
import { startEngine } from '../../../test/engines/index.ts'
import type { Figure, Line } from '../figure.ts'
import { interleave, throughput } from '../interleave.ts'
import { filled, growthLines } from './growth.ts'
import { fillPostgres, pgbenchOn } from './pgbench.ts'

const ROWS = Number(process.env.PAWL_BENCH_ROWS ?? 1_000_000)
const ROUNDS = Number(process.env.PAWL_BENCH_ROUNDS ?? 15)
const ROUND_SECONDS = 1
const IN_FLIGHT = [64, 8, 1] as const

/** The store on PostgreSQL beside pgbench on the same table, durable, over the same unix socket. */
export const storePostgres: Figure = {
  name: 'stores-postgres',
  title: `PostgreSQL store, ${ROWS} rows, synchronous_commit=on, beside pgbench -M prepared`,
  isOnlyByName: true,
  async measure() {
    const engine = await startEngine('postgres')
    const url = new URL(engine.url)
    url.searchParams.set('host', engine.socketFolder ?? '')
    try {
      const opened = {
        store: postgresStore({ url: url.href }),
        fill: (range: { from: number; to: number }) => fillPostgres(engine, range),
      }
      const { store, workload } = await filled(opened, 2 * ROWS)
      const pgbench = pgbenchOn(engine, ROWS)
      const lines: Line[] = []
      for (const inFlight of IN_FLIGHT) {
        const clients = Math.min(inFlight, 32)
        const measured = await interleave(ROUNDS, {
          ours: () =>
            throughput(ROUND_SECONDS * 1000, inFlight, () => workload.rotateOne(store, ROWS)),
          reference: () => pgbench.run('swap', clients, ROUND_SECONDS),
        })
        lines.push({
          what: `rotate, ${inFlight} in flight`,
          unit: '/s',
          ours: measured.ratio * measured.reference,
          reference: { what: `pgbench, one swap, ${clients} clients`, value: measured.reference },
          spread: measured.spread,
        })
      }
      let next = 2 * ROWS
      const inserted = await interleave(ROUNDS, {
        ours: () =>
          throughput(ROUND_SECONDS * 1000, 64, async () => {
            next += 1
            await store.insert(workload.sessionOf(next), null)
          }),
        reference: () => pgbench.run('insert', 32, ROUND_SECONDS),
      })
      lines.push({
        what: 'insert, 64 in flight',
        unit: '/s',
        ours: inserted.ratio * inserted.reference,
        reference: { what: 'pgbench, one insert, 32 clients', value: inserted.reference },
        spread: inserted.spread,
      })
      await store.close()
      return lines
    } finally {
      await engine.stop()
    }
  },
}

/** What the store costs more on a large table. */
export const growthPostgres: Figure = {
  name: 'stores-postgres-growth',
  title: 'PostgreSQL store: cost at 10^6 rows ÷ cost at 10^4, one call at a time',
  isOnlyByName: true,
  async measure() {
    const engine = await startEngine('postgres')
    let schemas = 0
    try {
      return await growthLines(() => {
        const url = new URL(engine.url)
        schemas += 1
        url.searchParams.set('host', engine.socketFolder ?? '')
        const schema = `growth_${schemas}`
        url.searchParams.set('schema', schema)
        return {
          store: postgresStore({ url: url.href }),
          fill: (range) => fillPostgres(engine, { ...range, schema }),
        }
      })
    } finally {
      await engine.stop()
    }
  },
}
