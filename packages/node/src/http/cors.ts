import { ALLOWED_HEADERS, EXPOSED_HEADERS } from '@pawl/protocol'
import type { RequestLike } from '../request-like.ts'
import { mergeVary } from './header-sink.ts'

/** How long a browser may remember a preflight, in seconds. */
const PREFLIGHT_MAX_AGE_SECONDS = 600
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const EXPOSED = EXPOSED_HEADERS.join(', ')

/** What a cross-origin request gets. */
export type CorsAnswer =
  /** No front end of ours: send on without CORS headers (but with `Vary`). */
  | { readonly kind: 'none'; readonly headers: CorsHeaders }
  /** A listed front end: add the headers to the response. */
  | { readonly kind: 'actual'; readonly headers: CorsHeaders }
  /** A preflight of a listed front end: answer 204 with the headers and nothing else. */
  | { readonly kind: 'preflight'; readonly headers: CorsHeaders; readonly response: Response }

/** Response headers, lower case. */
export type CorsHeaders = readonly (readonly [name: string, value: string])[]

/** Who may call across origins. */
export interface CorsPolicy {
  readonly origins: ReadonlySet<string>
  /** Request headers a front end may send beside our own, lower case. */
  readonly requestHeaders: readonly string[]
  /** Response headers a front end may read beside our own, lower case. */
  readonly responseHeaders: readonly string[]
}

const NO_CORS: CorsAnswer = { kind: 'none', headers: [] }
const VARY_ONLY: CorsAnswer = { kind: 'none', headers: [['vary', 'Origin']] }

/**
 * CORS for the listed origins, exactly compared and always with credentials; nothing is reflected,
 * `*` never sent, and `Vary: Origin` always, so that no cache mixes front ends.
 */
export function decideCors(
  request: Pick<RequestLike, 'method' | 'headers'>,
  policy: CorsPolicy,
): CorsAnswer {
  if (policy.origins.size === 0) return NO_CORS
  const origin = request.headers.get('origin')
  if (origin === null || !policy.origins.has(origin)) return VARY_ONLY
  const shared: CorsHeaders = [
    ['vary', 'Origin'],
    ['access-control-allow-origin', origin],
    ['access-control-allow-credentials', 'true'],
  ]
  if (!isPreflight(request)) {
    const exposed = [EXPOSED, ...policy.responseHeaders].join(', ')
    return { kind: 'actual', headers: [...shared, ['access-control-expose-headers', exposed]] }
  }
  const allowed = [...ALLOWED_HEADERS, ...policy.requestHeaders].join(', ')
  const headers: CorsHeaders = [
    ...shared,
    ['access-control-allow-methods', METHODS],
    ['access-control-allow-headers', allowed],
    ['access-control-max-age', String(PREFLIGHT_MAX_AGE_SECONDS)],
  ]
  const pairs = headers.map(([name, value]): [string, string] => [name, value])
  return {
    kind: 'preflight',
    headers,
    response: new Response(null, { status: 204, headers: pairs }),
  }
}

/** Whether a request is a CORS preflight. */
function isPreflight(request: Pick<RequestLike, 'method' | 'headers'>): boolean {
  return (
    request.method === 'OPTIONS' && request.headers.get('access-control-request-method') !== null
  )
}

/** Adds CORS headers to a response of ours. */
export function withCors(response: Response, headers: CorsHeaders): Response {
  for (const [name, value] of headers) {
    const merged = name === 'vary' ? mergeVary(response.headers.get('vary'), value) : value
    response.headers.set(name, merged)
  }
  return response
}
