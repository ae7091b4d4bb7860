import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { COOKIES } from '@pawl/protocol'
import { readCookies } from './cookie-jar.ts'

/** The accidents that the page can order. All of them happen outside the driver and the core. */
export interface Mischief {
  /** From now on the access token of this request counts as expired. */
  readonly expireAccess: (request: IncomingMessage) => void
  /** Hides access tokens that count as expired, so that the guard sees none. */
  readonly hideExpired: (request: IncomingMessage) => void
  /** The next refresh answer of this session is to be thrown away. */
  readonly armDrop: (handle: string) => void
  /** Throws away what is answered, if that was ordered; tells so before the socket closes. */
  readonly dropAnswer: (drop: DropOrder) => void
}

interface DropOrder {
  readonly handle: string
  readonly response: ServerResponse
  readonly onDrop: () => void
}

const REMEMBERED_MAX = 1000

/** Nothing is ordered at first. */
export function makeMischief(): Mischief {
  const expired = new Set<string>()
  const armed = new Set<string>()
  return {
    expireAccess(request) {
      const token = cookieOf(request, COOKIES.access)
      if (token !== undefined) remember(expired, fingerprint(token))
    },
    hideExpired(request) {
      const token = cookieOf(request, COOKIES.access)
      if (token === undefined || !expired.has(fingerprint(token))) return
      const kept = readCookies(request.headers.cookie ?? '').filter(
        ([name]) => name !== COOKIES.access,
      )
      request.headers.cookie = kept.map(([name, value]) => `${name}=${value}`).join('; ')
    },
    armDrop: (handle) => remember(armed, handle),
    dropAnswer({ handle, response, onDrop }) {
      if (!armed.delete(handle)) return
      response.end = () => {
        onDrop()
        response.socket?.destroy()
        return response
      }
    },
  }
}

/** The value of a cookie of this request. */
export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  return readCookies(request.headers.cookie ?? '').find(([own]) => own === name)?.[1]
}

function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

function remember(set: Set<string>, value: string): void {
  set.add(value)
  for (const oldest of set) {
    if (set.size <= REMEMBERED_MAX) break
    set.delete(oldest)
  }
}
