import { mongodbStore } from '@pawl/store-mongodb'
import { startEngine } from '../../../test/engines/index.ts'
import type { Figure, Line } from '../figure.ts'
import { interleave, throughput } from '../interleave.ts'
import { openBare } from './bare-mongodb.ts'
import { filled, growthLines } from './growth.ts'
import { httpLines } from './http-lines.ts'
import { httpLoad } from './http-load.ts'

/**
 * Fewer than elsewhere. The server of the tests goes through the whole collection for the sweep of
 * a core, and lets nobody at it meanwhile: with 40 000 documents for longer than a core waits.
 */
const ROWS = Number(process.env.PAWL_BENCH_ROWS ?? 5_000)
const LIVE = 400
/** No core runs beside the growth of the store alone. */
const GROWN_ROWS = Number(process.env.PAWL_BENCH_ROWS ?? 40_000)
const ROUNDS = Number(process.env.PAWL_BENCH_ROUNDS ?? 15)
const ROUND_MS = 1000

/** In flight of ours, and connections of the bare loop: more than eight get no more out of it. */
const LOADS = [
  [64, 8],
  [8, 8],
  [1, 1],
] as const

const SERVER = 'mongo-java-server with its file'

/** The store on what stands for MongoDB, beside the same `findAndModify` sent by the driver. */
export const storeMongodb: Figure = {
  name: 'stores-mongodb',
  title: `MongoDB store on ${SERVER}, ${ROWS} rows, each write in the file, beside the bare driver`,
  isOnlyByName: true,
  async measure() {
    const engine = await startEngine('mongodb')
    const bare = await openBare(engine.url, { from: ROWS, to: 2 * ROWS })
    try {
      const opened = { store: mongodbStore({ url: engine.url }), fill: bare.fill }
      const { store, workload } = await filled(opened, 2 * ROWS)
      const lines: Line[] = []
      for (const [inFlight, connections] of LOADS) {
        const loop = await bare.loop(connections)
        const measured = await interleave(ROUNDS, {
          ours: () => throughput(ROUND_MS, inFlight, () => workload.rotateOne(store, ROWS)),
          reference: () => throughput(ROUND_MS, connections, loop.swap),
        })
        await loop.close()
        lines.push({
          what: `rotate, ${inFlight} in flight`,
          unit: '/s',
          ours: measured.ratio * measured.reference,
          reference: {
            what: `bare driver, findAndModify, ${connections} connections`,
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

/** A core over HTTP on it, beside the same bare `findAndModify`. */
export const mongodbHttp: Figure = {
  name: 'stores-mongodb-http',
  title: `refresh over HTTP, ${SERVER}, ${ROWS} rows, each write in the file, one core, ES256`,
  isOnlyByName: true,
  async measure() {
    const engine = await startEngine('mongodb')
    const store = mongodbStore({ url: engine.url })
    const bare = await openBare(engine.url, { from: ROWS, to: 2 * ROWS })
    const opened = { store, fill: bare.fill }
    const load = await httpLoad(engine.url, opened, { rows: 2 * ROWS, live: LIVE })
    const [[, connections]] = LOADS
    const loop = await bare.loop(connections)
    try {
      return await httpLines(load, {
        what: `bare driver, findAndModify, ${connections} connections`,
        run: () => throughput(ROUND_MS, connections, loop.swap),
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

/**
 * What the store costs more on a large collection. That server has indexes of keys only and goes
 * through a whole collection for anything else, which MongoDB would not: that is left out.
 */
export const growthMongodb: Figure = {
  name: 'stores-mongodb-growth',
  title: `MongoDB store on ${SERVER}: cost at ${GROWN_ROWS} rows ÷ cost at 10^4, one call at a time`,
  isOnlyByName: true,
  async measure() {
    const engine = await startEngine('mongodb')
    const urls = ['small', 'large'].map((name) => new URL(`/${name}`, engine.url).href)
    const fillers = await Promise.all(urls.map((url) => openBare(url)))
    let opened = 0
    try {
      return await growthLines(
        () => {
          const place = opened++
          const fill = fillers[place]?.fill
          const store = mongodbStore({ url: urls[place] ?? '' })
          return fill === undefined ? { store } : { store, fill }
        },
        { largeRows: GROWN_ROWS, without: ['insert, with a limit', 'list', 'sweep of nothing'] },
      )
    } finally {
      for (const filler of fillers) await filler.close()
      await engine.stop()
    }
  },
}
