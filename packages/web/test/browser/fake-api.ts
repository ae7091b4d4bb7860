import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { ALLOWED_HEADERS, EXPOSED_HEADERS } from '@pawl/protocol'
import {
  COOKIES,
  DEFAULT_BASE_PATH,
  FRONTEND_PATHS,
  HEADERS,
  SESSION_NONE,
} from '@pawl/protocol/frontend'
import { type FakeGrant, FakeSessions } from '../../../client/test/world/fake-sessions.ts'

/** What becomes of the next refresh. */
type Mood = 'well' | 'spoil the answer' | 'unavailable'

const spoiled = 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'

/** A tiny API behind the front end's wire, on a port of its own. */
export class FakeApi {
  readonly sessions = new FakeSessions({
    accessLifeMs: 3_600_000,
    raceWindowMs: 60_000,
    nowMs: Date.now,
  })
  /** The moods of the refreshes to come, in order; then all is well. */
  readonly moods: Mood[] = []
  /** How often each route was asked. */
  readonly asked = new Map<string, number>()
  /** While set, answers to refreshes wait for it. */
  gate: Promise<void> | undefined
  origin = ''
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  #watchers: (() => void)[] = []

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** Waits until the condition holds; looked at after every request. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#watchers.push(resolve)
      })
    }
  }

  countOf(path: string): number {
    return this.asked.get(path) ?? 0
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '*')
    response.setHeader('access-control-allow-credentials', 'true')
    response.setHeader('access-control-allow-headers', ALLOWED_HEADERS.join())
    response.setHeader('access-control-expose-headers', EXPOSED_HEADERS.join())
    response.setHeader('cache-control', 'no-store')
    const path = new URL(request.url ?? '/', this.origin).pathname
    if (request.method === 'OPTIONS') {
      response.setHeader('access-control-max-age', '600')
      response.writeHead(204).end()
      return
    }
    this.asked.set(path, this.countOf(path) + 1)
    const body = await text(request)
    const presented = readTokens(request)
    if (path === DEFAULT_BASE_PATH + FRONTEND_PATHS.refresh) {
      await this.#refresh(response, presented)
    } else if (path === DEFAULT_BASE_PATH + FRONTEND_PATHS.signOut) {
      this.sessions.signOut(presented.refresh)
      endSession(response).writeHead(200).end('{}')
    } else if (path === '/log-in') {
      sendGrant(response, this.sessions.logIn(body), presented.held).writeHead(200).end('{}')
    } else if (path === '/elsewhere') {
      response.writeHead(307, { location: request.headers['x-to'] as string }).end()
    } else {
      this.#read(response, presented, body)
    }
    for (const wake of this.#watchers.splice(0)) wake()
  }

  async #refresh(response: ServerResponse, { refresh, held }: Presented): Promise<void> {
    const mood = this.moods.shift() ?? 'well'
    if (mood === 'unavailable') {
      response.writeHead(503, { 'retry-after': '1', [HEADERS.error]: 'unavailable' }).end()
      return
    }
    const outcome = this.sessions.refresh(refresh)
    for (const wake of this.#watchers.splice(0)) wake()
    await this.gate
    // A browser repeats by itself what a used connection lost; it does not repeat what it refused.
    if (mood === 'spoil the answer') response.socket?.end(spoiled)
    else if (outcome.kind === 'ok')
      sendGrant(response, outcome.grant, held).writeHead(200).end('{}')
    else {
      if (outcome.code !== 'no_session') endSession(response)
      response.setHeader(HEADERS.session, SESSION_NONE)
      response.writeHead(401, { [HEADERS.error]: outcome.code }).end()
    }
  }

  #read(response: ServerResponse, { access }: Presented, body: string): void {
    const outcome = this.sessions.check(access)
    if (outcome.kind === 'refused') {
      response.writeHead(401, { [HEADERS.error]: outcome.code }).end()
      return
    }
    const { userId } = outcome.grant.header
    response.setHeader(HEADERS.session, encode(outcome.grant))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ userId, body }))
  }
}

interface Presented {
  readonly held: boolean
  readonly access: string | undefined
  readonly refresh: string | undefined
}

function readTokens({ headers }: IncomingMessage): Presented {
  const held = headers[HEADERS.transport] === 'header'
  const cookies = new Map(
    (headers.cookie ?? '').split('; ').map((pair) => pair.split('=', 2) as [string, string]),
  )
  if (!held) {
    return { held, access: cookies.get(COOKIES.access), refresh: cookies.get(COOKIES.refresh) }
  }
  const access = headers.authorization?.replace(/^Bearer /, '')
  return { held, access, refresh: headers[HEADERS.refreshToken] as string | undefined }
}

function sendGrant(response: ServerResponse, grant: FakeGrant, held: boolean): ServerResponse {
  response.setHeader(HEADERS.session, encode(grant))
  if (held) {
    response.setHeader(HEADERS.accessToken, grant.accessToken)
    response.setHeader(HEADERS.refreshToken, grant.refreshToken)
    return response
  }
  return response.setHeader('set-cookie', [
    `${COOKIES.access}=${grant.accessToken}; Path=/; Secure; HttpOnly; SameSite=Lax`,
    `${COOKIES.refresh}=${grant.refreshToken}; Path=/; Secure; HttpOnly; SameSite=Lax`,
  ])
}

function endSession(response: ServerResponse): ServerResponse {
  response.setHeader(HEADERS.session, SESSION_NONE)
  return response.setHeader(
    'set-cookie',
    Object.values(COOKIES).map((name) => `${name}=; Path=/; Secure; HttpOnly; Max-Age=0`),
  )
}

function encode({ header }: FakeGrant): string {
  return Buffer.from(JSON.stringify(header)).toString('base64url')
}
