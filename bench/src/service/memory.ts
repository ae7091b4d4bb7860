import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Figure, Line } from '../figure.ts'
import { type HttpConnection, openConnection, requestText } from '../load/http-connection.ts'
import { median } from '../statistics.ts'
import { builtService } from './built-service.ts'
import { type RunningService, startService } from './running-service.ts'

const CONNECTIONS = 16
const SESSIONS = 2_048
const SAMPLE_EVERY_MS = 500
const MB = 1_048_576

const SHORT = { seconds: 30, refreshes: 0 }
const LONG = { seconds: 600, refreshes: 1_000_000 }

/** Memory of the service under refreshes, for half a minute. */
export const memory: Figure = {
  name: 'memory',
  title: `the service's memory under refreshes over HTTP, ${CONNECTIONS} at a time, SQLite, built package (short: \`soak\` is the long run)`,
  measure: () => measureMemory(SHORT),
}

/** The same for ten minutes, and until a million refreshes are done. */
export const soak: Figure = {
  name: 'soak',
  title: `the service's memory under refreshes over HTTP, ${CONNECTIONS} at a time, SQLite, built package: ten minutes and 10^6 refreshes`,
  isOnlyByName: true,
  measure: () => measureMemory(LONG),
}

interface Span {
  readonly seconds: number
  /** Goes on until so many are done. */
  readonly refreshes: number
}

async function measureMemory(span: Span): Promise<readonly Line[]> {
  const dir = mkdtempSync(path.join(tmpdir(), 'pawl-bench-'))
  // The first start fills the compile cache; it is written when the process ends.
  const cli = builtService()
  await (await startService(dir, {}, cli)).stop()
  const service = await startService(dir, {}, cli)
  const connections: HttpConnection[] = []
  try {
    while (connections.length < CONNECTIONS) connections.push(await openConnection(service.port))
    const idle = service.residentBytes() / MB
    const { samples, refreshes } = await refreshFor(span, service, connections)
    const tail = samples.slice(Math.floor(samples.length / 2))
    const middle = Math.floor(tail.length / 2)
    const growth = median(tail.slice(middle)) - median(tail.slice(0, middle))
    const minutes = ((samples.length * SAMPLE_EVERY_MS) / 60_000).toFixed(1)
    return [
      {
        what: `resident memory after ${refreshes} refreshes in ${minutes} minutes`,
        unit: 'MB',
        ours: median(samples.slice(-5)),
        reference: { what: 'itself before', value: idle },
        beside: `most ${Math.max(...samples).toFixed(0)} MB`,
        goal: { kind: 'atMost', target: 180, moonshot: 120 },
      },
      {
        what: 'growth from the third quarter of the run to the fourth',
        unit: 'MB',
        ours: growth,
        reference: null,
        beside: `spread of the fourth quarter ${spreadOf(tail.slice(middle)).toFixed(1)} MB`,
        goal: { kind: 'atMost', target: 5, moonshot: 1 },
      },
    ]
  } finally {
    for (const connection of connections) connection.close()
    await service.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

function spreadOf(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values)
}

/** Refreshes sessions in turn, each by one connection only, and looks at the memory meanwhile. */
async function refreshFor(
  { seconds, refreshes: least }: Span,
  service: RunningService,
  connections: readonly HttpConnection[],
): Promise<{ readonly samples: number[]; readonly refreshes: number }> {
  const samples: number[] = []
  const startedMs = performance.now()
  let refreshes = 0
  const timer = setInterval(() => samples.push(service.residentBytes() / MB), SAMPLE_EVERY_MS)
  const isOver = () => performance.now() - startedMs >= seconds * 1000 && refreshes >= least
  const loops = connections.map(async (connection, place) => {
    const tokens: string[] = []
    for (let user = place; user < SESSIONS; user += connections.length) {
      tokens.push(await grantOf(connection, '/v1/sessions', { userId: `user-${user}` }))
    }
    for (let turn = 0; !isOver(); turn = (turn + 1) % tokens.length) {
      const body = { refreshTokens: [tokens[turn]] }
      tokens[turn] = await grantOf(connection, '/v1/sessions/refresh', body)
      refreshes += 1
    }
  })
  try {
    await Promise.all(loops)
  } finally {
    clearInterval(timer)
  }
  return { samples, refreshes }
}

async function grantOf(connection: HttpConnection, route: string, body: object): Promise<string> {
  const answer = await connection.send(requestText(route, { body }))
  if (answer.status >= 300) throw new Error(`refused: ${answer.status} ${answer.body}`)
  return (JSON.parse(answer.body) as { refreshToken: { token: string } }).refreshToken.token
}
