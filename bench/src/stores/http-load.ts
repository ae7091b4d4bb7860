import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { generateSecret } from '@pawl/embedded'
import { throughput } from '../interleave.ts'
import { type HttpConnection, openConnection, requestText } from '../load/http-connection.ts'
import { startService } from '../service/running-service.ts'
import type { Opened } from './growth.ts'
import { newWorkload } from './workload.ts'

const CONNECTIONS = 64
const CHUNKS = 40

/** A core on a store with many rows, some of which are sessions whose tokens we hold. */
export interface HttpLoad {
  /** Refreshes that write, so many at a time, for a time; a second. */
  refresh(inFlight: number, durationMs: number): Promise<number>
  /** Refreshes with a token that is current already: a read. */
  repeat(inFlight: number, durationMs: number): Promise<number>
  /** Log-ins. */
  create(inFlight: number, durationMs: number): Promise<number>
  /**
   * Refreshes that write, begun at even intervals whatever the answers do; resolves to how long
   * each took from when it was due, in milliseconds.
   */
  pacedRefresh(perSecond: number, durationMs: number): Promise<readonly number[]>
  close(): Promise<void>
}

/** Starts one core over HTTP on a store, and fills it: `rows` in all, `live` of them spread in. */
export async function httpLoad(
  url: string,
  opened: Opened,
  sizes: { readonly rows: number; readonly live: number },
): Promise<HttpLoad> {
  const dir = mkdtempSync(path.join(tmpdir(), 'pawl-bench-'))
  const service = await startService(dir, {
    PAWL_STORE: url,
    PAWL_SECRET: generateSecret(),
    PAWL_SIGNING_ALGORITHM: 'ES256',
    PAWL_REFRESHES_PER_MINUTE: '10000',
  })
  const free: HttpConnection[] = []
  while (free.length < CONNECTIONS) free.push(await openConnection(service.port))
  const tokens: string[] = []
  let users = 0
  const logIn = (connection: HttpConnection) =>
    grantOf(connection, '/v1/sessions', { userId: `user-${++users}` })
  /** Runs one request on a connection that no other request is on. */
  const withConnection = async (work: (connection: HttpConnection) => Promise<void>) => {
    const taken = free.pop()
    if (taken === undefined) throw new Error('more in flight than there are connections')
    const connection = await taken.fresh()
    await work(connection)
    free.push(connection)
  }
  await fillBoth(opened, sizes, () =>
    withConnection(async (connection) => {
      tokens.push(await logIn(connection))
    }),
  )
  const busy = new Set<number>()
  const pick = () => {
    for (;;) {
      const index = Math.floor(Math.random() * tokens.length)
      if (!busy.has(index)) return index
    }
  }
  const refreshOne = () =>
    withConnection(async (connection) => {
      const index = pick()
      busy.add(index)
      const body = { refreshTokens: [tokens[index]] }
      tokens[index] = await grantOf(connection, '/v1/sessions/refresh', body)
      busy.delete(index)
    })
  return {
    refresh: (inFlight, durationMs) => throughput(durationMs, inFlight, refreshOne),
    pacedRefresh: (perSecond, durationMs) =>
      paced({ perSecond, durationMs, mayBegin: () => free.length > 0 }, refreshOne),
    repeat: (inFlight, durationMs) =>
      throughput(durationMs, inFlight, () =>
        withConnection(async (connection) => {
          const body = { refreshTokens: [tokens[Math.floor(Math.random() * 64)]] }
          await grantOf(connection, '/v1/sessions/refresh', body)
        }),
      ),
    create: (inFlight, durationMs) =>
      throughput(durationMs, inFlight, () =>
        withConnection(async (connection) => {
          await logIn(connection)
        }),
      ),
    close: async () => {
      for (const connection of free) connection.close()
      await service.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

interface Pace {
  readonly perSecond: number
  readonly durationMs: number
  /** Whether there is room for one more; what is due meanwhile waits, and its wait counts. */
  readonly mayBegin: () => boolean
}

/** How long each call took from when it was due. */
async function paced(pace: Pace, call: () => Promise<void>): Promise<readonly number[]> {
  const { perSecond, durationMs, mayBegin } = pace
  const tookMs: number[] = []
  const underWay = new Set<Promise<void>>()
  const startedMs = performance.now()
  const total = Math.floor((perSecond * durationMs) / 1000)
  let begun = 0
  while (begun < total) {
    const dueMs = startedMs + (begun * 1000) / perSecond
    if (performance.now() < dueMs || !mayBegin()) {
      await new Promise(setImmediate)
      continue
    }
    begun += 1
    const one: Promise<void> = call().then(() => {
      tookMs.push(performance.now() - dueMs)
      underWay.delete(one)
    })
    underWay.add(one)
  }
  await Promise.all(underWay)
  return tookMs
}

/** Rows of the store and log-ins in turn, so that the sessions lie spread over the table. */
async function fillBoth(
  { store, fill }: Opened,
  sizes: { readonly rows: number; readonly live: number },
  logIn: () => Promise<void>,
): Promise<void> {
  const workload = newWorkload(sizes.rows)
  await store.insert(workload.sessionOf(0), null)
  let from = 1
  for (let chunk = 1; chunk <= CHUNKS; chunk++) {
    const to = Math.max(from, Math.floor((sizes.rows * chunk) / CHUNKS))
    if (fill !== undefined) await fill({ from, to })
    else
      await inParallel(to - from, (index) => store.insert(workload.sessionOf(from + index), null))
    from = to
    await inParallel(Math.floor(sizes.live / CHUNKS), logIn)
  }
}

/** Does something so many times, as many at once as there are connections. */
async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const loop = async () => {
    while (next < count) {
      next += 1
      await work(next - 1)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, loop))
}

async function grantOf(connection: HttpConnection, route: string, body: object): Promise<string> {
  const answer = await connection.send(requestText(route, { body }))
  if (answer.status >= 300) throw new Error(`refused: ${answer.status} ${answer.body}`)
  return (JSON.parse(answer.body) as { refreshToken: { token: string } }).refreshToken.token
}
