import {
  createEngine,
  createSessionFetch,
  type Engine,
  ownUrls,
  type SessionFetch,
  sessionError,
} from '@pawl/client'
import { DEFAULT_BASE_PATH } from '@pawl/protocol/frontend'
import { interceptFetch } from './intercept-fetch.ts'
import { sessionWithoutPage } from './session-without-page.ts'
import { createWebPorts } from './web-ports.ts'
import type { EventOf, WebSession } from './web-session.ts'

/** Options of the web SDK. */
export interface PawlWebOptions {
  /** Origin of the API, exactly: `https://api.example.com`. Default: the page's own. */
  readonly apiOrigin?: string | undefined
  /** Where the driver's own routes are. Default `/auth/session`. */
  readonly basePath?: string | undefined
  /** Further origins that get the session's credentials. Exact, no patterns. Default: none. */
  readonly furtherOrigins?: readonly string[] | undefined
  /**
   * `cookie` (default): the tokens are in cookies that no script can read. `header`: this program
   * holds them, and so does whoever can run a script in the page.
   */
  readonly transport?: 'cookie' | 'header' | undefined
  /**
   * Header transport: `memory` (default), each tab has its session, gone with a reload; or `local`,
   * one session for all tabs in `localStorage`, exposed to every script of the origin, now and
   * later.
   */
  readonly persist?: 'memory' | 'local' | undefined
  /** `start` (default): ask the API at once when nothing is known; `demand`: when it matters. */
  readonly probe?: 'start' | 'demand' | undefined
  /**
   * Whether a visible tab refreshes ahead of expiry (default true). It counts as activity: without
   * it, a page that is open but not used lets the session idle out.
   */
  readonly refreshAhead?: boolean | undefined
  /** The servers' race window in ms, above 0. Default: as the driver tells. */
  readonly raceWindowMs?: number | undefined
}

/**
 * The web SDK: the session of this browser with one API. Make one for a page. Throws a TypeError
 * if an origin is not one, the base path leaves it, or the race window is 0. Without a page, on a
 * server that renders, the session stays unknown.
 */
export function pawlWeb(options: PawlWebOptions = {}): WebSession {
  return typeof document === 'undefined' ? sessionWithoutPage() : sessionOfPage(options)
}

function sessionOfPage({
  apiOrigin = location.origin,
  basePath = DEFAULT_BASE_PATH,
  furtherOrigins = [],
  transport,
  persist,
  raceWindowMs,
  probe = 'start',
  refreshAhead = true,
}: PawlWebOptions): WebSession {
  const origins = [apiOrigin, ...furtherOrigins]
  const base = apiOrigin + basePath
  // A base path without its slash would make another host of it.
  check(base, apiOrigin)
  for (const origin of origins) check(origin, origin)
  if (raceWindowMs !== undefined && !(raceWindowMs > 0)) throw new TypeError('raceWindowMs')
  const holdsTokens = transport === 'header'
  const ports = createWebPorts({
    base,
    holdsTokens,
    shared: !holdsTokens || persist === 'local',
  })
  const engine = createEngine(ports, { base, holdsTokens, raceWindowMs, probe, refreshAhead })
  const ownUrl = ownUrls({ origins, baseUrl: () => document.baseURI })
  const fetch = createSessionFetch(engine, ports, ownUrl)
  return faceOf(engine, fetch, (options) => interceptFetch(fetch, ownUrl, { ...options, base }))
}

function faceOf(
  engine: Engine,
  fetch: SessionFetch,
  intercept: WebSession['interceptFetch'],
): WebSession {
  const undos: (() => void)[] = []
  const on: WebSession['on'] = (kind, listener) =>
    engine.subscribe((event) => {
      if (event.kind === kind) listener(event as EventOf<typeof kind>)
    })
  // What is wrong with a set-up (CORS, the base path) shows at the first contact.
  on('trouble', ({ trouble }) => {
    if (trouble.failures < 2 && engine.get().kind === 'unknown') console.warn('pawl', trouble)
  })
  const ready = async () => {
    await engine.settle()
    return engine.get()
  }
  return {
    fetch,
    prepare: async () => (await engine.prepareCall()).headers,
    get: engine.get,
    ready,
    require: async () => {
      const state = await ready()
      if (state.kind === 'active') return state.info
      throw sessionError(state.kind === 'none' ? 'no_session' : 'trouble', engine.trouble())
    },
    refresh: engine.refresh,
    signOut: async () => ((await engine.signOut()) === 'done' ? 'done' : 'queued'),
    subscribe: (listener) => on('change', ({ state }) => listener(state)),
    on,
    interceptFetch: (options) => {
      const undo = intercept(options)
      undos.push(undo)
      return undo
    },
    close: () => {
      engine.close()
      for (const undo of undos) undo()
    },
  }
}

function check(url: string, origin: string): void {
  if (new URL(url).origin !== origin) throw new TypeError(`origin: ${url}`)
}
