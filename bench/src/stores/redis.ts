import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { redisStore } from '@pawl/store-redis'
import { createClient } from '@redis/client'
import { type Engine, startEngine } from '../../../test/engines/index.ts'
import { redisPrograms } from '../../../test/engines/redis.ts'
import type { Figure, Line } from '../figure.ts'
import { interleave, throughput } from '../interleave.ts'
import { filled, growthLines } from './growth.ts'
import { httpLines } from './http-lines.ts'
import { httpLoad } from './http-load.ts'

const ROWS = Number(process.env.PAWL_BENCH_ROWS ?? 1_000_000)
const ROUNDS = Number(process.env.PAWL_BENCH_ROUNDS ?? 15)
const ROUND_MS = 1000
const BARE_ROWS = 100_000
/** redis-benchmark runs for a number of requests: what it did in the last round, but not fewer. */
const REQUESTS_MIN = 256

/** In flight of ours, and the clients and pipelines of redis-benchmark that make as many. */
const LOADS = [
  [64, 4, 16],
  [8, 8, 1],
  [1, 1, 1],
] as const

/** The swap alone: look at the row, change it. */
const bareSwap = `
local c = redis.call('HMGET', KEYS[1], 'c', 'm', 'k', 'e')
if c[4] then return false end
redis.call('HSET', KEYS[1], 'c', ARGV[1], 'm', ARGV[2])
return c`

const fillBare = `
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  redis.call('HSET', string.format('bare:%012d', i), 'c', string.rep('x', 43), 'm',
    string.rep('m', 90), 'k', string.rep('k', 40), 'u', 'user', 'f', string.rep('f', 24),
    'p', '{"role":"member"}', 'd', '{}')
end`

/** The store on Redis, AOF always, beside redis-benchmark on a Lua script that only swaps. */
export const storeRedis: Figure = {
  name: 'stores-redis',
  title: `Redis store, ${ROWS} rows, appendfsync always, beside redis-benchmark`,
  isOnlyByName: true,
  async measure() {
    const engine = await startEngine('redis')
    try {
      const { store, workload } = await filled({ store: redisStore({ url: engine.url }) }, ROWS)
      const lines: Line[] = []
      for (const [inFlight, clients, pipeline] of LOADS) {
        const measured = await interleave(ROUNDS, {
          ours: () => throughput(ROUND_MS, inFlight, () => workload.rotateOne(store)),
          reference: await bareLoop(engine, clients, pipeline),
        })
        lines.push({
          what: `rotate, ${inFlight} in flight`,
          unit: '/s',
          ours: measured.ratio * measured.reference,
          reference: {
            what: `redis-benchmark, bare Lua swap, ${clients} clients × ${pipeline}`,
            value: measured.reference,
          },
          spread: measured.spread,
        })
      }
      await store.close()
      return lines
    } finally {
      await engine.stop()
    }
  },
}

/** A core over HTTP on Redis, beside the same bare script. */
export const redisHttp: Figure = {
  name: 'stores-redis-http',
  title: `refresh over HTTP, Redis, ${ROWS} rows, appendfsync always, one core, ES256`,
  isOnlyByName: true,
  async measure() {
    const engine = await startEngine('redis')
    const store = redisStore({ url: engine.url })
    const live = Math.min(20_000, ROWS / 50)
    const load = await httpLoad(engine.url, { store }, { rows: ROWS, live })
    try {
      const bare = await bareLoop(engine, 4, 16)
      return await httpLines(load, {
        what: 'redis-benchmark, bare Lua swap, 4 clients × 16',
        run: bare,
      })
    } finally {
      await load.close()
      await store.close()
      await engine.stop()
    }
  },
}

/** What the store costs more on a large database. */
export const growthRedis: Figure = {
  name: 'stores-redis-growth',
  title: 'Redis store: cost at 10^6 rows ÷ cost at 10^4, one call at a time',
  isOnlyByName: true,
  async measure() {
    const engines = [await startEngine('redis'), await startEngine('redis')]
    let opened = 0
    try {
      return await growthLines(() => {
        const engine = engines[opened++]
        return { store: redisStore({ url: engine?.url ?? '' }) }
      })
    } finally {
      for (const engine of engines) await engine.stop()
    }
  },
}

/** A round of redis-benchmark, of as many requests as it did in a round before. */
async function bareLoop(
  engine: Engine,
  clients: number,
  pipeline: number,
): Promise<() => Promise<number>> {
  const sha = await prepareBare(engine)
  let requests = REQUESTS_MIN
  return async () => {
    const perSecond = await runBare(engine, { sha, clients, pipeline, requests })
    requests = Math.max(REQUESTS_MIN, Math.round((perSecond * ROUND_MS) / 1000))
    return perSecond
  }
}

async function prepareBare(engine: Engine): Promise<string> {
  const client = await createClient({ url: engine.url }).connect()
  for (let first = 0; first < BARE_ROWS; first += 10_000) {
    await client.eval(fillBare, { arguments: [String(first), String(first + 9_999)] })
  }
  const sha = await client.scriptLoad(bareSwap)
  await client.close()
  return sha
}

/** What redis-benchmark is to do. */
interface BareLoad {
  readonly sha: string
  readonly clients: number
  readonly pipeline: number
  readonly requests: number
}

async function runBare(engine: Engine, load: BareLoad): Promise<number> {
  const { password } = new URL(engine.url)
  const command = ['EVALSHA', load.sha, '1', 'bare:__rand_int__', 'y'.repeat(43), 'm'.repeat(90)]
  const args = [
    ...['-h', engine.host, '-p', String(engine.port), '-a', password, '--csv'],
    ...['-c', String(load.clients), '-P', String(load.pipeline)],
    ...['-n', String(load.requests), '-r', String(BARE_ROWS), ...command],
  ]
  const child = spawn(path.join(redisPrograms(), 'redis-benchmark'), args, {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  await once(child, 'close')
  const perSecond = Number(/^"EVALSHA[^"]*","([\d.]+)"/m.exec(output)?.[1])
  if (!(perSecond > 0)) throw new Error(`redis-benchmark failed: ${output}`)
  return perSecond
}
