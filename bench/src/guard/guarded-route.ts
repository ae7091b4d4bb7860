import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Figure, Line } from '../figure.ts'
import { interleave } from '../interleave.ts'
import { type HttpConnection, openConnection, requestText } from '../load/http-connection.ts'
import { median } from '../statistics.ts'

const CONNECTIONS = 32
/** Short turns and many: what the neighbours do in the meantime falls on all alike. */
const ROUNDS = 201
const BURST_MS = 25
/** Rounds for the least that any guard costs. */
const BOUND_ROUNDS = 81

type Route = 'open' | 'guarded' | 'least'

/** A guarded route beside the same route without the guard, by CPU time of the server. */
export const guardedRoute: Figure = {
  name: 'guarded-route',
  title: `guarded route ÷ the same unguarded, requests per CPU second of the server, ${CONNECTIONS} connections, as many sessions, same cookies sent to both`,
  async measure() {
    return [await measureFramework('node:http'), await measureFramework('express')]
  },
}

async function measureFramework(framework: string): Promise<Line> {
  const program = path.join(import.meta.dirname, 'routes-process.ts')
  const child = fork(program, [framework, String(CONNECTIONS)], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { ports, cookies } = (await nextMessage(child)) as {
    readonly ports: Readonly<Record<Route, number>>
    readonly cookies: readonly string[]
  }
  const load = {
    open: await openLoad(ports.open, cookies),
    guarded: await openLoad(ports.guarded, cookies),
    least: await openLoad(ports.least, cookies),
  }
  const wall = { open: [] as number[], guarded: [] as number[], least: [] as number[] }
  const burst = (which: Route) => async () => {
    const before = await cpuMsOf(child)
    const { requests, wallMs } = await load[which].run(BURST_MS)
    wall[which].push((requests / wallMs) * 1000)
    return (requests / ((await cpuMsOf(child)) - before)) * 1000
  }
  try {
    const result = await interleave(ROUNDS, { ours: burst('guarded'), reference: burst('open') })
    const least = await interleave(BOUND_ROUNDS, {
      ours: burst('least'),
      reference: burst('open'),
    })
    const { ratio, reference, spread } = result
    const [guarded, open] = [median(wall.guarded), median(wall.open)]
    const extraMicros = 1e6 / (ratio * reference) - 1e6 / reference
    return {
      what: framework,
      unit: '/CPU-s',
      ours: ratio * reference,
      reference: { what: 'unguarded', value: reference },
      spread,
      beside: `the guard costs ${extraMicros.toFixed(1)} µs; by the clock ${Math.round(guarded)}/s and ${Math.round(open)}/s, ratio ${(guarded / open).toFixed(2)}`,
      bound: {
        what: 'the least of guards, by hand: the headers, the cookie, one look-up',
        ratio: least.ratio,
      },
      goal: { kind: 'atLeast', target: 0.9, moonshot: 0.96 },
    }
  } finally {
    load.open.close()
    load.guarded.close()
    load.least.close()
    const exited = once(child, 'exit')
    child.disconnect()
    await exited
  }
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  const exited = once(child, 'exit', ended).then(([code]) => {
    throw new Error(`the server of the benchmark ended with ${code}`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', ended), exited])
    return message
  } finally {
    ended.abort()
    exited.catch(() => {})
  }
}

async function cpuMsOf(child: ChildProcess): Promise<number> {
  child.send('cpu')
  return ((await nextMessage(child)) as { readonly cpuMs: number }).cpuMs
}

/** Connections that each ask again as soon as they were answered. */
async function openLoad(port: number, cookies: readonly string[]) {
  const connections: { readonly connection: HttpConnection; readonly request: string }[] = []
  for (const cookie of cookies) {
    const headers = [`Cookie: ${cookie}`, 'User-Agent: Mozilla/5.0', 'Sec-Fetch-Site: same-origin']
    const request = requestText('/balance', { headers })
    connections.push({ connection: await openConnection(port), request })
  }
  return {
    run: async (durationMs: number) => {
      const startedMs = performance.now()
      let requests = 0
      const loops = connections.map(async ({ connection, request }) => {
        while (performance.now() - startedMs < durationMs) {
          const { status, body } = await connection.send(request)
          if (status !== 200) throw new Error(`refused: ${status} ${body}`)
          requests += 1
        }
      })
      await Promise.all(loops)
      return { requests, wallMs: performance.now() - startedMs }
    },
    close: () => {
      for (const { connection } of connections) connection.close()
    },
  }
}
