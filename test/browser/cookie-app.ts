import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { embedCore, generateSecret } from '@pawl/embedded'
import { type CookieOptions, createPawl, type Fault, type Pawl } from '@pawl/node'
import { type Listener, pawlListener, requireSession } from '@pawl/node/node-http'
import { memoryStore } from '@pawl/store-testkit'
import { build } from 'esbuild'

/** An app whose cookies can be set up anew while it runs, as by a new release of it. */
export interface CookieApp {
  /** Where it is under this name; browsers take every name below `localhost` for this machine. */
  readonly originOf: (host: string) => string
  /** From now on cookies are set like this. Sessions and tokens stay as they are. */
  readonly configure: (cookies: CookieOptions) => Promise<void>
  /** Refreshes that were asked for so far. */
  readonly refreshes: () => number
  /** What the drivers complained of so far. */
  readonly faults: readonly Fault[]
  readonly close: () => Promise<void>
}

const PAGE = `<!doctype html><title>app</title><link rel="icon" href="data:,">
<script src="/sdk.js"></script><script>globalThis.pawlSession = Pawl.pawlWeb()</script>`

/** Starts the app on a free port, with a core of its own in memory. */
export async function openCookieApp(): Promise<CookieApp> {
  const core = await embedCore({ store: memoryStore(), secret: generateSecret() })
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
    refreshes: () => refreshes,
    faults,
    configure: async (cookies) => {
      const former = pawl
      pawl = createPawl({ core, cookies, onFault: (fault) => faults.push(fault) })
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
      case '/plant':
        // What another program of this host has set, or a release of long ago.
        response.setHeader('set-cookie', searchParams.getAll('line'))
        return response.end('{}')
      default:
        return showUser(request, response, exchange)
    }
  })
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
