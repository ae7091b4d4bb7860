import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { makeApi } from './api/make-api.ts'
import { bundlePage } from './pages/bundle-page.ts'
import { pageListener } from './pages/page-server.ts'

interface DemoOptions {
  readonly coreUrl: string
  readonly apiKey: string | undefined
  /** 0 takes a free port. */
  readonly pagePort: number
  readonly apiPort: number
}

/** A demo that accepts visitors. */
export interface RunningDemo {
  readonly pageUrl: string
  readonly apiUrl: string
  /** Stops both servers and the driver. Idempotent. */
  readonly close: () => Promise<void>
}

const HOST = '127.0.0.1'

/**
 * Starts the pages and their API, on this machine only. The ports come first, because each side
 * has to know the origin of the other.
 */
export async function startDemo(options: DemoOptions): Promise<RunningDemo> {
  const [apiReady, pageReady] = [listenerToCome(), listenerToCome()]
  const apiServer = createServer(apiReady.listener)
  const pageServer = createServer(pageReady.listener)
  const apiUrl = await listen(apiServer, options.apiPort)
  const pageUrl = await listen(pageServer, options.pagePort)
  const api = makeApi({
    core: options.coreUrl,
    apiKey: options.apiKey,
    pageOrigin: pageUrl,
    apiOrigin: apiUrl,
  })
  apiReady.resolve(api.app)
  pageReady.resolve(pageListener(await bundlePage(apiUrl), apiUrl))
  let closing: Promise<void> | undefined
  const stop = async () => {
    for (const server of [pageServer, apiServer]) {
      server.close()
      server.closeAllConnections()
    }
    await api.close()
  }
  return {
    pageUrl,
    apiUrl,
    close: () => {
      closing ??= stop()
      return closing
    },
  }
}

/** A listener that lets early requests wait until there is somebody to answer them. */
function listenerToCome(): { listener: RequestListener; resolve: (come: RequestListener) => void } {
  const { promise, resolve } = Promise.withResolvers<RequestListener>()
  const listener: RequestListener = (request, response) => {
    void promise.then((come) => come(request, response))
  }
  return { listener, resolve }
}

async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, HOST)
  await once(server, 'listening')
  return `http://${HOST}:${(server.address() as AddressInfo).port}`
}
