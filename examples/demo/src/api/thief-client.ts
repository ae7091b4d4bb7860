import { request } from 'node:http'
import { HEADERS } from '@pawl/protocol'
import type { ThiefAnswer } from '../demo-event.ts'
import { makeCookieJar } from './cookie-jar.ts'

/** How the thief's requests can be told from the browser's, for the telling of the story only. */
export const THIEF_AGENT = 'thief/1.0'

/** A second HTTP client with a copy of somebody's cookies. It knows the API as any client does. */
export interface ThiefClient {
  readonly handle: string
  readonly refresh: () => Promise<ThiefAnswer>
  readonly call: () => Promise<ThiefAnswer>
}

interface Options {
  readonly handle: string
  /** The `Cookie` header that was copied. */
  readonly cookies: string
  readonly apiOrigin: string
  /** What it says where a browser would name the page: as easily said as copied. */
  readonly pageOrigin: string
  readonly refreshPath: string
}

const TIMEOUT_MS = 5000
const BODY_CHARACTERS_MAX = 10_000

/** A thief's client, with a jar of its own that starts as a copy. */
export function makeThiefClient(options: Options): ThiefClient {
  const jar = makeCookieJar(options.cookies)
  let generation: number | null = null

  const send = (method: string, path: string) =>
    new Promise<ThiefAnswer>((resolve, reject) => {
      const sent = request(`${options.apiOrigin}${path}`, {
        method,
        timeout: TIMEOUT_MS,
        headers: {
          cookie: jar.header(),
          origin: options.pageOrigin,
          'user-agent': THIEF_AGENT,
          [HEADERS.transport]: 'cookie',
        },
      })
      sent.on('timeout', () => sent.destroy(new Error('the thief got no answer in time')))
      sent.on('error', reject)
      sent.on('response', (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          if (body.length < BODY_CHARACTERS_MAX) body += chunk
        })
        response.on('error', reject)
        response.on('end', () => {
          // A browser would give its cookies up when it is refused; a thief need not.
          if (response.statusCode === 200) jar.take(response.headers['set-cookie'] ?? [])
          const header = (name: string) => String(response.headers[name] ?? '')
          const status = response.statusCode ?? 0
          generation = readGeneration(header(HEADERS.session)) ?? generation
          const loot = status === 200 && method === 'GET' ? body : null
          resolve({ status, code: header(HEADERS.error) || null, generation, loot })
        })
      })
      sent.end()
    })

  return {
    handle: options.handle,
    refresh: () => send('POST', options.refreshPath),
    call: () => send('GET', '/me'),
  }
}

function readGeneration(sessionHeader: string): number | null {
  if (sessionHeader === '' || sessionHeader === 'none') return null
  const info: unknown = JSON.parse(Buffer.from(sessionHeader, 'base64url').toString('utf8'))
  const found = (info as { generation?: unknown } | null)?.generation
  return typeof found === 'number' ? found : null
}
