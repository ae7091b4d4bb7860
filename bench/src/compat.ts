import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Figure, Line } from './figure.ts'
import { interleave, throughput } from './interleave.ts'
import { type HttpConnection, openConnection, requestText } from './load/http-connection.ts'
import { type RunningService, startService } from './service/running-service.ts'

const CONNECTIONS = 16
const ROUNDS = 7
const ROUND_MS = 1_000
const WIRE_HEADERS = ['cdi-version: 5.4']

/** A log-in and a refresh of one wire; each call is one request. */
interface Wire {
  readonly create: () => Promise<void>
  readonly refresh: () => Promise<void>
}

/** What a log-in and a refresh cost the core over the wire of the SuperTokens SDKs. */
export const compat: Figure = {
  name: 'compat',
  title: 'the wire of the SuperTokens SDKs beside the native one, SQLite, by CPU time of the core',
  async measure() {
    const lines: Line[] = []
    for (const algorithm of ['ES256', 'RS256']) lines.push(...(await measureWith(algorithm)))
    return lines
  },
}

async function measureWith(algorithm: string): Promise<readonly Line[]> {
  const dir = mkdtempSync(path.join(tmpdir(), 'pawl-bench-'))
  const service = await startService(dir, {
    PAWL_SIGNING_ALGORITHM: algorithm,
    PAWL_REFRESHES_PER_MINUTE: '0',
    PAWL_LOG_LEVEL: 'info',
  })
  const opening = Array.from({ length: CONNECTIONS }, () => openConnection(service.port))
  const connections = await Promise.all(opening)
  try {
    const wire = compatWire(connections)
    const native = nativeWire(connections)
    const lines: Line[] = []
    for (const what of ['create', 'refresh'] as const) {
      const { ratio, reference, spread } = await interleave(ROUNDS, {
        ours: () => perCpuSecond(service, wire[what]),
        reference: () => perCpuSecond(service, native[what]),
      })
      lines.push({
        what: `${what}, ${algorithm}`,
        unit: '/CPU s',
        ours: ratio * reference,
        reference: { what: `native ${what}`, value: reference },
        spread,
        // A cost of at most 1.2 is a rate of at least 1 / 1.2.
        ...(algorithm === 'ES256'
          ? { goal: { kind: 'atLeast', target: 0.833, moonshot: 0.95 } as const }
          : {}),
      })
    }
    return lines
  } finally {
    for (const connection of connections) connection.close()
    await service.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Requests by second of the core's CPU time: what the machine does besides is not in it. */
async function perCpuSecond(service: RunningService, one: () => Promise<void>): Promise<number> {
  const before = service.cpuMs()
  const startedMs = performance.now()
  const perSecond = await throughput(ROUND_MS, CONNECTIONS, one)
  const count = (perSecond * (performance.now() - startedMs)) / 1000
  return count / ((service.cpuMs() - before) / 1000)
}

function compatWire(connections: readonly HttpConnection[]): Wire {
  const common = { enableAntiCsrf: false, useDynamicSigningKey: true }
  const content = { userDataInJWT: { role: 'admin' }, userDataInDatabase: {} }
  return wireOf(connections, {
    headers: WIRE_HEADERS,
    createPath: '/public/recipe/session',
    createBody: (userId) => ({ userId, ...content, ...common }),
    refreshPath: '/recipe/session/refresh',
    refreshBody: (refreshToken) => ({ refreshToken, ...common }),
  })
}

function nativeWire(connections: readonly HttpConnection[]): Wire {
  return wireOf(connections, {
    headers: [],
    createPath: '/v1/sessions',
    createBody: (userId) => ({ userId, claims: { role: 'admin' }, data: {} }),
    refreshPath: '/v1/sessions/refresh',
    refreshBody: (token) => ({ refreshTokens: [token] }),
  })
}

function wireOf(
  connections: readonly HttpConnection[],
  wire: {
    readonly headers: readonly string[]
    readonly createPath: string
    readonly createBody: (userId: string) => object
    readonly refreshPath: string
    readonly refreshBody: (token: string) => object
  },
): Wire {
  const free = [...connections]
  const tokens: string[] = []
  let users = 0
  async function ask(route: string, body: object): Promise<string> {
    const connection = free.pop()
    if (connection === undefined) throw new Error('more in flight than there are connections')
    const answer = await connection.send(requestText(route, { body, headers: wire.headers }))
    free.push(connection)
    const token = answer.status === 200 ? tokenIn(answer.body) : undefined
    if (token === undefined) throw new Error(`${route}: ${answer.status} ${answer.body}`)
    return token
  }
  return {
    async create() {
      tokens.push(await ask(wire.createPath, wire.createBody(`user-${++users}`)))
    },
    async refresh() {
      // Taken out while it is on its way: no token is presented twice.
      const token = tokens.shift() ?? ''
      tokens.push(await ask(wire.refreshPath, wire.refreshBody(token)))
    },
  }
}

function tokenIn(body: string): string | undefined {
  const { refreshToken } = JSON.parse(body) as { refreshToken?: { token: string } }
  return refreshToken?.token
}
