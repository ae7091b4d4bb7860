import assert from 'node:assert/strict'
import { HEADERS } from '@pawl/protocol/frontend'
import {
  createEngine,
  createSessionFetch,
  defaultSettings,
  type Engine,
  type EngineOptions,
  type EnginePorts,
  type LockPort,
  ownUrls,
  type SessionFetch,
  type StoragePort,
} from '../../src/index.ts'
import { FakeSessions } from './fake-sessions.ts'
import { VirtualTime } from './virtual-time.ts'

/** The API of the bench. */
export const API = 'https://api.example.com'

interface Sent {
  readonly url: string
  readonly request: Request
}

/** One tab over the ports, before an API in memory. */
export interface Bench {
  readonly fetch: SessionFetch
  readonly engine: Engine
  readonly sessions: FakeSessions
  readonly time: VirtualTime
  readonly sent: Sent[]
  /** Replaces the answer to what is neither ours nor a refresh. */
  answer: (request: Request) => Promise<Response>
  /** While set, answers to refreshes wait for it. */
  gate: Promise<void> | undefined
  /** Another tab of the same browser. */
  openTab(): { readonly engine: Engine; readonly fetch: SessionFetch }
}

/** Sets up a tab that holds its tokens; without other tabs it needs no lock. */
export function setUp(
  options: Partial<EngineOptions> = {},
  lock: LockPort = { hold: (_patience, body) => body() },
): Bench {
  const time = new VirtualTime(1)
  const sessions = new FakeSessions({
    accessLifeMs: 3_600_000,
    raceWindowMs: 60_000,
    nowMs: () => time.nowMs,
  })
  const sent: Sent[] = []
  const serve = async (request: Request): Promise<Response> => {
    if (request.url.endsWith('/refresh')) {
      const outcome = sessions.refresh(request.headers.get(HEADERS.refreshToken) ?? undefined)
      await bench.gate
      if (outcome.kind === 'refused') return refusal(outcome.code)
      return granted(outcome.grant)
    }
    if (request.url.endsWith('/log-in')) return granted(sessions.logIn('alice'))
    const bearer = request.headers.get('authorization')?.replace('Bearer ', '')
    const outcome = sessions.check(bearer)
    return outcome.kind === 'refused' ? refusal(outcome.code) : bench.answer(request)
  }
  const ports: EnginePorts = {
    fetch: (input, init) => {
      const request = new Request(input, init)
      sent.push({ url: request.url, request })
      return serve(request)
    },
    storage: memoryStorage(),
    lock,
    channel: { post: () => {}, subscribe: () => () => {} },
    clock: { nowMs: () => time.nowMs, after: time.after },
    life: { isVisible: () => true, subscribe: () => () => {} },
    random: time.random,
    randomName: () => 'tab',
  }
  const openTab = () => {
    const engine = createEngine(ports, {
      ...defaultSettings,
      base: `${API}/auth/session`,
      holdsTokens: true,
      ...options,
    })
    const fetch = createSessionFetch(
      engine,
      ports,
      ownUrls({
        origins: [API],
        baseUrl: () => `${API}/app/`,
      }),
    )
    return { engine, fetch }
  }
  const bench: Bench = {
    ...openTab(),
    sessions,
    time,
    sent,
    answer: async (request) => Response.json({ body: await request.text() }),
    gate: undefined,
    openTab,
  }
  return bench
}

/** Sets up a tab, and logs Alice in. */
export async function setUpSignedIn(lock?: LockPort): Promise<Bench> {
  const bench = setUp({}, lock)
  await bench.fetch(`${API}/log-in`, { method: 'POST' })
  assert.equal(bench.engine.get().kind, 'active')
  bench.sent.length = 0
  return bench
}

function memoryStorage(): StoragePort {
  let stored: string | null = null
  return {
    read: () => stored,
    write: (text) => {
      stored = text
    },
    subscribe: () => () => {},
  }
}

function granted(grant: ReturnType<FakeSessions['logIn']>): Response {
  const session = Buffer.from(JSON.stringify(grant.header)).toString('base64url')
  const headers = {
    [HEADERS.session]: session,
    [HEADERS.accessToken]: grant.accessToken,
    [HEADERS.refreshToken]: grant.refreshToken,
  }
  return new Response('{}', { headers })
}

function refusal(code: string): Response {
  return new Response('{}', { status: 401, headers: { [HEADERS.error]: code } })
}
