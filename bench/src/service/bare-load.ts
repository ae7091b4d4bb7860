import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Line } from '../figure.ts'
import { interleave, type Subject, throughput } from '../interleave.ts'
import { type HttpConnection, openConnection, requestText } from '../load/http-connection.ts'

const SERVICE = path.join(import.meta.dirname, 'bare-service-process.ts')
const WARM_UP_MS = 1_000
const ROUNDS = 3
const ROUND_MS = 1_000
const REQUEST = requestText('/', { body: { refreshTokens: ['t'.repeat(230)] } })

/**
 * Requests a second of a process that does only what no core can leave out, under the same load:
 * the better of signing in its own thread and in the pool.
 *
 * @param inFlight connections, one request on each at a time
 */
async function bareService(inFlight: number, durationMs: number): Promise<number> {
  const rates: number[] = []
  for (const signer of ['here', 'pool']) {
    const child = spawn(process.execPath, [SERVICE, signer], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const connections: HttpConnection[] = []
    while (connections.length < inFlight) {
      connections.push(await openConnection(Number(line.toString())))
    }
    const free = [...connections]
    const one = async () => {
      const connection = free.pop()
      if (connection === undefined) throw new Error('more in flight than there are connections')
      await connection.send(REQUEST)
      free.push(connection)
    }
    await throughput(WARM_UP_MS, inFlight, one)
    rates.push(await throughput(durationMs, inFlight, one))
    for (const connection of connections) connection.close()
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
  }
  return Math.max(...rates)
}

/** What no core gets past on this machine, beside a reference. */
export async function boundOf(
  inFlight: number,
  reference: Subject,
): Promise<NonNullable<Line['bound']>> {
  const ours = () => bareService(inFlight, ROUND_MS)
  const { ratio } = await interleave(ROUNDS, { ours, reference })
  return { what: 'node:http and the cryptography of a refresh, without store or rule,', ratio }
}
