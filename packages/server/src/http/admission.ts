import type { IncomingMessage } from 'node:http'
import { type Outcome, ok, type Refusal, ROUTES, refuse, type Scope } from '@pawl/protocol'
import { isLoopback } from '../config/check-config.ts'
import { type ApiKey, isAllowed } from './api-keys.ts'
import type { KeyDirectory } from './key-directory.ts'
import type { Target } from './router.ts'

/** Who may speak to this service at all; judged from headers, before any body is read. */
export interface Admission {
  /** Null if the headers are those of one well-addressed request. */
  readonly faultOfHeaders: (request: IncomingMessage) => Refusal | null
  /** The key of the caller; null where no key is configured (loopback only). */
  readonly authenticate: (request: IncomingMessage) => Outcome<ApiKey | null>
}

/** Headers that may come once only: a second one is an attempt to be read in two ways. */
const SINGLE_HEADERS = ['host', 'authorization', 'api-key', 'content-type'] as const
const DEFAULT_APP = 'default'
/** Headers of a request. */
const HEADERS_MAX = 64
const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]']
const BEARER = /^Bearer +([^ ]+)$/i

/** Builds the admission for an address, its further names and its keys. */
export function admission(options: {
  readonly host: string
  readonly allowedHosts: readonly string[]
  readonly keys: Pick<KeyDirectory, 'find' | 'isKeyed'>
  readonly nowMs: () => number
}): Admission {
  const names = namesOf(options.host, options.allowedHosts)
  const { find, isKeyed } = options.keys
  return {
    faultOfHeaders(request) {
      if (request.rawHeaders.length > 2 * HEADERS_MAX) {
        return refuse('invalid_request', `at most ${HEADERS_MAX} headers are read`)
      }
      if (hasRepeatedHeader(request.rawHeaders)) {
        return refuse('invalid_request', 'a header that may come once is repeated')
      }
      const host = nameIn(request.headers.host ?? '')
      return names === null || names.has(host) ? null : refuse('host_not_allowed')
    },
    authenticate(request) {
      if (!isKeyed()) return faultOfPage(request) ?? ok(null)
      const { authorization } = request.headers
      const header = request.headers['api-key']
      if (authorization !== undefined && header !== undefined) {
        return refuse('invalid_request', 'send the API key in one header only')
      }
      const presented = BEARER.exec(authorization ?? '')?.[1] ?? header
      const key = typeof presented === 'string' ? find(presented, options.nowMs()) : undefined
      return key === undefined ? refuse('api_key_required') : ok(key)
    },
  }
}

/**
 * Refuses what a browser sent from a page: `csrf_refused`. For where no key is needed: every page
 * that is open in a browser of this machine reaches loopback, callers of the core are servers.
 */
export function faultOfPage({ headers }: IncomingMessage): Refusal | null {
  const site = headers['sec-fetch-site'] ?? 'none'
  const isOfPage = headers.origin !== undefined || !(site === 'none' || site === 'same-origin')
  return isOfPage ? refuse('csrf_refused', 'without an API key no page is answered') : null
}

/** Refuses a key that lacks the scope of a route. */
export function faultOfScope(key: ApiKey | null, scope: Scope): Refusal | null {
  if (key === null || isAllowed(key, scope)) return null
  return refuse('api_key_scope', `this route needs the scope ${scope}`)
}

/** Refuses a key that is good for one app only, at another app or at what concerns all apps. */
export function faultOfApp(key: ApiKey | null, target: Target): Refusal | null {
  if (key === null || key.app === null || isGoodAt(key.app, target)) return null
  return refuse('api_key_scope', `this key is good for the app ${key.app} only`)
}

function isGoodAt(app: string, target: Target): boolean {
  if (target.kind === 'service') return target.route !== 'metrics'
  if (target.kind !== 'operation') return true
  return !('isRootOnly' in ROUTES[target.operation]) && app === (target.app ?? DEFAULT_APP)
}

/** The names that `Host` may carry; null for any. */
function namesOf(host: string, allowed: readonly string[]): ReadonlySet<string> | null {
  const more = allowed.map((name) => name.toLowerCase())
  if (isLoopback(host)) return new Set([...LOOPBACK_NAMES, host, ...more])
  return more.length === 0 ? null : new Set(more)
}

/** The name in a `Host` header, without its port, in lower case. */
function nameIn(host: string): string {
  return host.replace(/:\d{1,5}$/, '').toLowerCase()
}

/** Names are told apart by their length first: most requests then need no other look at most. */
function hasRepeatedHeader(rawHeaders: readonly string[]): boolean {
  let seen = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const at = SINGLE_HEADERS.findIndex(
      (single) => single.length === name.length && single === name.toLowerCase(),
    )
    if (at === -1) continue
    if ((seen & (1 << at)) !== 0) return true
    seen |= 1 << at
  }
  return false
}
