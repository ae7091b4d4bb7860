import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Line } from '../figure.ts'
import { interleave, type Subject, throughput } from '../interleave.ts'
import { type HttpConnection, openConnection, requestText } from '../load/http-connection.ts'
import type { BareWrite } from './bare-writes.ts'

const SERVICE = path.join(import.meta.dirname, 'bare-service-process.ts')
/** Long enough for the compiler, with as much in flight as there ever is. */
const WARM_UP_MS = 3_000
const WARM_UP_IN_FLIGHT = 64
const ROUNDS = 3
const ROUND_MS = 1_000
const REQUEST = requestText('/', { body: { refreshTokens: ['t'.repeat(230)] } })

/** Where the bare process is to write, how many rows of pgbench's are there, and what it does. */
interface BareDatabase {
  readonly url: string
  readonly rows: number
  readonly write: BareWrite
}

/**
 * What no core gets past on this machine, beside a reference: a process that does only what none
 * can leave out, the better of signing in its own thread and in the pool.
 *
 * @param inFlight connections, one request on each at a time
 * @param database where it writes as well; null for no store at all
 */
export async function boundOf(
  inFlight: number,
  reference: Subject,
  database: BareDatabase | null = null,
): Promise<NonNullable<Line['bound']>> {
  const services = [await bareService('here', database), await bareService('pool', database)]
  const ours = async () => {
    const rates: number[] = []
    for (const { run } of services) rates.push(await run(inFlight, ROUND_MS))
    return Math.max(...rates)
  }
  try {
    for (const { run } of services) await run(WARM_UP_IN_FLIGHT, WARM_UP_MS)
    const { ratio } = await interleave(ROUNDS, { ours, reference })
    const written =
      database === null ? 'without store or rule' : 'and the write, without rule or log'
    return { what: `node:http, the cryptography of a refresh, ${written},`, ratio }
  } finally {
    for (const { close } of services) await close()
  }
}

async function bareService(signer: 'here' | 'pool', database: BareDatabase | null) {
  const more = database === null ? [] : [database.url, String(database.rows), database.write]
  const child = spawn(process.execPath, [SERVICE, signer, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const free: HttpConnection[] = []
  while (free.length < WARM_UP_IN_FLIGHT) free.push(await openConnection(Number(line.toString())))
  const one = async () => {
    const taken = free.pop()
    if (taken === undefined) throw new Error('more in flight than there are connections')
    const connection = await taken.fresh()
    await connection.send(REQUEST)
    free.push(connection)
  }
  return {
    /** Requests a second. */
    run: (inFlight: number, durationMs: number) => throughput(durationMs, inFlight, one),
    close: async () => {
      for (const connection of free) connection.close()
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}
