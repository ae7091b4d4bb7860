/**
 * The same route of one framework, guarded and not, each behind a port of its own, in one process:
 * `node:http` or `express`. And a third time behind the least that any guard does, written for this
 * route alone: its place in the framework, the headers that keep caches out, the token found among
 * the cookies and looked up among those that are known, its expiry. Tells ports and cookies, then
 * its CPU time whenever it is asked.
 */
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { embedCore, generateSecret } from '@pawl/embedded'
import { createPawl, type Pawl } from '@pawl/node'
import { pawlExpress, requireSession as requireSessionExpress } from '@pawl/node/express'
import { pawlListener, requireSession } from '@pawl/node/node-http'
import { COOKIES } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import express from 'express'

const [framework = '', sessions = ''] = process.argv.slice(2)

const ROUTES: {
  readonly [framework: string]: (pawl: Pawl) => {
    readonly open: RequestListener
    readonly guarded: RequestListener
    readonly least: RequestListener
  }
} = {
  'node:http': (pawl) => {
    const route: RequestListener = (_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end('{"balance":42}')
    }
    const least: RequestListener = (request, response) => {
      keepOutCaches(response)
      if (!isKnown(request.headers.cookie)) response.statusCode = 401
      route(request, response)
    }
    return { open: route, guarded: pawlListener(pawl, requireSession(route)), least }
  },
  express: (pawl) => {
    const route: express.RequestHandler = (_request, response) => {
      response.json({ balance: 42 })
    }
    const open = express().get('/balance', route)
    const guarded = express().use(pawlExpress(pawl)).get('/balance', requireSessionExpress(), route)
    const pass: express.RequestHandler = (_request, _response, next) => next()
    const mark: express.RequestHandler = (request, response, next) => {
      keepOutCaches(response)
      if (!isKnown(request.headers.cookie)) response.statusCode = 401
      next()
    }
    const least = express().use(pass).get('/balance', mark, route)
    return { open, guarded, least }
  },
}

const core = await embedCore({ store: memoryStore(), secret: generateSecret() })
const pawl = createPawl({ core })
await pawl.ready()
const cookies: string[] = []
/** By the end of the token: a whole one takes long to be hashed. */
const known = new Map<string, { readonly token: string; readonly untilMs: number }>()
const KEY_CHARS = 12
while (cookies.length < Number(sessions)) {
  const created = await core.createSession({ userId: `user-${cookies.length}` })
  if (created.kind !== 'ok') throw new Error(created.detail)
  const { accessToken, refreshToken } = created.value
  const { token, expiresAtMs: untilMs } = accessToken
  known.set(token.slice(-KEY_CHARS), { token, untilMs })
  cookies.push(`${COOKIES.access}=${token}; ${COOKIES.refresh}=${refreshToken.token}; theme=dark`)
}
const routes = ROUTES[framework]?.(pawl)
if (routes === undefined) throw new Error(`there is no framework ${framework}`)
const ports = {
  open: await listen(routes.open),
  guarded: await listen(routes.guarded),
  least: await listen(routes.least),
}
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMs: (user + system) / 1000 })
})
process.once('disconnect', () => process.exit())
process.send?.({ ports, cookies })

function isKnown(cookie = ''): boolean {
  const start = `${COOKIES.access}=`
  const at = cookie.startsWith(start) ? 0 : cookie.indexOf(`; ${start}`) + 2
  const end = cookie.indexOf(';', at)
  const token = cookie.slice(at + start.length, end < 0 ? cookie.length : end)
  const entry = known.get(token.slice(-KEY_CHARS))
  return entry?.token === token && Date.now() < entry.untilMs
}

function keepOutCaches(response: ServerResponse): void {
  response.setHeader('cache-control', 'no-store')
  response.setHeader('vary', 'Cookie, Authorization')
}

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
