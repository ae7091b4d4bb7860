import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The app's own origin: serves one page with the SDK, and remembers who asked for what. */
export interface PageServer {
  readonly origin: string
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[]
  close(): Promise<void>
}

const page = `<!doctype html><title>app</title><script src="/sdk.js"></script><script>
  const options = JSON.parse(decodeURIComponent(location.hash.slice(1)))
  window.pawlSession = Pawl.pawlWeb(options)
  window.pawlEvents = []
  for (const kind of ['change', 'refreshed', 'ended', 'user-changed', 'trouble']) {
    pawlSession.on(kind, (event) => pawlEvents.push(event))
  }
</script>`

/** Bundles the SDK for classic scripts, and serves it with a page. */
export async function servePage(): Promise<PageServer> {
  const bundle = await build({
    entryPoints: [fileURLToPath(import.meta.resolve('@pawl/web/global'))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
  })
  const script = bundle.outputFiles[0]?.contents
  const requests: PageServer['requests'] = []
  const server = createServer(({ url = '', headers }, response) => {
    requests.push({ url, headers })
    response.setHeader('access-control-allow-origin', headers.origin ?? '*')
    response.setHeader('access-control-allow-headers', '*, authorization')
    const isScript = url === '/sdk.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : page)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
