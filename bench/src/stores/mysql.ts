import { mysqlStore } from '@pawl/store-mysql'
import { startEngine } from '../../../test/engines/index.ts'
import type { Figure, Line } from '../figure.ts'
import { interleave, throughput } from '../interleave.ts'
import { newDatabase, openBare } from './bare-mysql.ts'
import { filled, growthLines } from './growth.ts'
import { httpLines } from './http-lines.ts'
import { httpLoad } from './http-load.ts'

const ROWS = Number(process.env.PAWL_BENCH_ROWS ?? 1_000_000)
const ROUNDS = Number(process.env.PAWL_BENCH_ROUNDS ?? 15)
const ROUND_MS = 1000

/** In flight of ours, and the connections and rows a packet of the bare loop that make as many. */
const LOADS = [
  [64, 2, 32],
  [8, 2, 4],
  [1, 1, 1],
] as const

/** What the table needs to lie in memory, as every database should have it. */
const settings = { innodb_buffer_pool_size: '1536M', innodb_log_file_size: '1G' }

/** The store on MariaDB beside the same swap sent by `mysql2` and nothing else. */
export const storeMysql: Figure = {
  name: 'stores-mysql',
  title: `MariaDB store, ${ROWS} rows, innodb_flush_log_at_trx_commit=1, beside bare mysql2`,
  isOnlyByName: true,
  async measure() {
    const engine = await startEngine('mariadb', { settings })
    const bare = await openBare(engine.url, { from: ROWS, to: 2 * ROWS })
    try {
      const opened = { store: mysqlStore({ url: engine.url }), fill: bare.fill }
      const { store, workload } = await filled(opened, 2 * ROWS)
      const lines: Line[] = []
      for (const [inFlight, connections, rows] of LOADS) {
        const loop = await bare.loop({ connections, rows })
        const measured = await interleave(ROUNDS, {
          ours: () => throughput(ROUND_MS, inFlight, () => workload.rotateOne(store, ROWS)),
          reference: () => loop.run(ROUND_MS),
        })
        await loop.close()
        lines.push({
          what: `rotate, ${inFlight} in flight`,
          unit: '/s',
          ours: measured.ratio * measured.reference,
          reference: {
            what: `mysql2, bare swap, ${connections} connections × ${rows} rows`,
            value: measured.reference,
          },
          spread: measured.spread,
        })
      }
      await store.close()
      return lines
    } finally {
      await bare.close()
      await engine.stop()
    }
  },
}

/** A core over HTTP on MariaDB, beside the same bare swap. */
export const mysqlHttp: Figure = {
  name: 'stores-mysql-http',
  title: `refresh over HTTP, MariaDB, ${ROWS} rows, innodb_flush_log_at_trx_commit=1, one core, ES256`,
  isOnlyByName: true,
  async measure() {
    const engine = await startEngine('mariadb', { settings })
    const store = mysqlStore({ url: engine.url })
    const live = Math.min(20_000, ROWS / 50)
    const bare = await openBare(engine.url, { from: ROWS, to: 2 * ROWS - live })
    const opened = { store, fill: bare.fill }
    const load = await httpLoad(engine.url, opened, { rows: 2 * ROWS, live })
    const loop = await bare.loop({ connections: 2, rows: 32 })
    try {
      return await httpLines(load, {
        what: 'mysql2, bare swap, 2 connections × 32 rows',
        run: () => loop.run(ROUND_MS),
      })
    } finally {
      await load.close()
      await loop.close()
      await bare.close()
      await store.close()
      await engine.stop()
    }
  },
}

/** What the store costs more on a large table. */
export const growthMysql: Figure = {
  name: 'stores-mysql-growth',
  title: 'MariaDB store: cost at 10^6 rows ÷ cost at 10^4, one call at a time',
  isOnlyByName: true,
  async measure() {
    const engine = await startEngine('mariadb', { settings })
    const databases = [
      await newDatabase(engine.url, 'small'),
      await newDatabase(engine.url, 'large'),
    ]
    const fillers = await Promise.all(databases.map((url) => openBare(url)))
    let opened = 0
    try {
      return await growthLines(() => {
        const place = opened++
        const fill = fillers[place]?.fill
        const store = mysqlStore({ url: databases[place] ?? '' })
        return fill === undefined ? { store } : { store, fill }
      })
    } finally {
      for (const filler of fillers) await filler.close()
      await engine.stop()
    }
  },
}
