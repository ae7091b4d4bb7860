import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { EpochMs } from '@pawl/core'
import { embedCore, generateSecret } from '@pawl/embedded'
import { type CookieOptions, createPawl, type Fault, type Pawl } from '@pawl/node'
import {
  type Listener,
  type PawlExchange,
  pawlListener,
  requireSession,
} from '@pawl/node/node-http'
import { memoryStore } from '@pawl/store-testkit'
import type { WebSession } from '@pawl/web'
import { build } from 'esbuild'

declare global {
  var pawlSession: WebSession
}

/** An app whose cookies can be set up anew while it runs, as by a new release of it. */
export interface CookieApp {
  /** Where it is under this name; browsers take every name below `localhost` for this machine. */
  readonly originOf: (host: string) => string
  /** From now on cookies are set like this. Sessions and tokens stay as they are. */
  readonly configure: (cookies: CookieOptions) => Promise<void>
  /** Lets 16 minutes pass on the server: every access token has expired then. */
  readonly expire: () => void
  /** Refreshes that were asked for so far. */
  readonly refreshes: () => number
  /** What the drivers complained of so far. */
  readonly faults: readonly Fault[]
  readonly close: () => Promise<void>
}

const PAGE = `<!doctype html><title>app</title><link rel="icon" href="data:,">
<script src="/sdk.js"></script><script>globalThis.pawlSession = Pawl.pawlWeb()</script>`

/** Sent in place of a page while the access token has expired. */
const REFRESH_PAGE = `<!doctype html><title>One moment</title><link rel="icon" href="data:,">
<script src="/sdk.js"></script><script>
  Pawl.pawlWeb().refresh().then((result) => {
    const isAgain = Date.now() - Number(sessionStorage.getItem('refreshed')) < 10_000
    sessionStorage.setItem('refreshed', Date.now())
    if (result === 'done' && !isAgain) location.reload()
    else if (result === 'none') location.replace('/welcome')
    else document.body.textContent = 'This page cannot be shown now. Load it again in a while.'
  })
</script>`
const EXPIRE_MS = 16 * 60_000

/** Starts the app on a free port, with a core of its own in memory. */
export async function openCookieApp(): Promise<CookieApp> {
  let aheadMs = 0
  const clock = () => Date.now() + aheadMs
  const core = await embedCore({
    store: memoryStore(),
    secret: generateSecret(),
    clock: { nowMs: () => clock() as EpochMs },
  })
  const script = await bundleSdk()
  const faults: Fault[] = []
  let refreshes = 0
  let pawl: Pawl | undefined
  let listener: Listener | undefined
  const server = createServer((request, response) => {
    if (request.url === '/auth/session/refresh') refreshes += 1
    if (request.url === '/') return response.setHeader('content-type', 'text/html').end(PAGE)
    if (request.url === '/sdk.js') return response.end(script)
    listener?.(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    originOf: (host) => `http://${host}:${port}`,
    expire: () => {
      aheadMs += EXPIRE_MS
    },
    refreshes: () => refreshes,
    faults,
    configure: async (cookies) => {
      const former = pawl
      pawl = createPawl({ core, cookies, clock, onFault: (fault) => faults.push(fault) })
      listener = makeRoutes(pawl)
      await former?.close()
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      await pawl?.close()
      await core.close()
    },
  }
}

function makeRoutes(pawl: Pawl): Listener {
  const showUser = requireSession((_request, response, { session }) => response.end(session.userId))
  return pawlListener(pawl, async (request, response, exchange) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://app')
    switch (pathname) {
      case '/log-in':
        await exchange.createSession({ userId: searchParams.get('as') ?? 'nobody' })
        return response.end('{}')
      case '/consent':
        // An identity provider, if it is asked under another name: it sends the visitor back.
        return response.writeHead(302, { location: searchParams.get('to') ?? '/' }).end()
      case '/callback': {
        const csrf = searchParams.has('checked') ? ({ csrf: 'state-checked' } as const) : {}
        await exchange.createSession({ userId: searchParams.get('as') ?? 'nobody', ...csrf })
        return response.writeHead(302, { location: '/page' }).end()
      }
      case '/welcome':
        return response.setHeader('content-type', 'text/html').end('<!doctype html>Please log in')
      case '/page':
        return await showPage(response, exchange)
      case '/refused':
        // A guard that goes on refusing, whatever is refreshed.
        response.writeHead(401, { 'content-type': 'text/html' })
        return response.end(REFRESH_PAGE)
      case '/plant':
        // What another program of this host has set, or a release of long ago.
        response.setHeader('set-cookie', searchParams.getAll('line'))
        return response.end('{}')
      default:
        return showUser(request, response, exchange)
    }
  })
}

/** A page that the server renders: only a script can refresh, so it is asked to. */
async function showPage(response: ServerResponse, exchange: PawlExchange): Promise<unknown> {
  const verdict = await exchange.guard({ optional: true })
  response.setHeader('content-type', 'text/html')
  if (verdict.kind === 'anonymous') return response.end('<!doctype html>Hello stranger')
  if (verdict.kind === 'session') {
    return response.end(`<!doctype html>Hello ${verdict.session.userId}`)
  }
  response.statusCode = 401
  return response.end(REFRESH_PAGE)
}

async function bundleSdk(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(import.meta.resolve('@pawl/web/global'))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error('the SDK was not bundled')
  return file.contents
}
