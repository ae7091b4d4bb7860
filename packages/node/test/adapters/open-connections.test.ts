import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { type TestContext, test } from 'node:test'
import { createPawl, type PawlSession } from '@pawl/node'
import { pawlListener, requireSession } from '@pawl/node/node-http'
import { openEmbedded } from '../support/core-under-test.ts'
import { listen } from '../support/listen.ts'

/** An app with an event stream and a WebSocket, which are closed with their session. */
async function setUp(context: TestContext) {
  const under = await openEmbedded()
  const open = new Map<string, Set<() => void>>()
  const follow = ({ handle }: PawlSession, close: () => void): void => {
    open.set(handle, (open.get(handle) ?? new Set()).add(close))
  }
  const pawl = createPawl({
    core: under.core,
    clock: under.clock.nowMs,
    onFault: () => {},
    onSessionEnd: ({ handle }) => open.get(handle)?.forEach((close) => void close()),
  })
  const stream = requireSession((_request, response, { session }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    follow(session, () => response.end('bye'))
  })
  const server = createServer(
    pawlListener(pawl, (request, response, exchange) => {
      if (request.url === '/news') return stream(request, response, exchange)
      return exchange.createSession({ userId: 'ada' }).then(() => response.end())
    }),
  )
  server.on('upgrade', async (request, socket) => {
    const headers = { get: (name: string) => String(request.headers[name] ?? '') || null }
    const result = await pawl.guard({ method: 'GET', url: request.url ?? '/', headers })
    if (result.kind !== 'session') return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
    const lines = ['HTTP/1.1 101 Switching Protocols', 'connection: upgrade', 'upgrade: websocket']
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    follow(result.session, () => socket.end('bye'))
  })
  const base = await listen(context, server, [pawl, under])
  const login = await fetch(base, { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })
  const lines = login.headers.getSetCookie()
  return { pawl, base, cookie: lines.map((line) => line.split(';', 1)[0]).join('; ') }
}

test('an event stream and a WebSocket end with their session', async (context) => {
  const { pawl, base, cookie } = await setUp(context)
  const news = await fetch(`${base}/news`, { headers: { cookie } })
  const headers = { connection: 'upgrade', upgrade: 'websocket', cookie }
  const from = (site: string) => ({ headers: { ...headers, 'sec-fetch-site': site } })
  const foreign = httpRequest(base, from('cross-site')).end()
  const [refused] = (await once(foreign, 'response')) as [IncomingMessage]
  assert.equal(refused.statusCode, 401)
  refused.resume()
  const upgrade = httpRequest(base, from('same-origin')).end()
  const [, socket, head] = await once(upgrade, 'upgrade')
  let said = String(head)
  socket.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const ended = once(socket, 'end')
  await pawl.revokeAll('ada')
  assert.equal(await news.text(), 'bye')
  await ended
  assert.equal(said, 'bye')
  socket.destroy()
})
