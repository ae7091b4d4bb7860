/**
 * What the driver needs to see of a request. A web-standard `Request` is one; the adapters hand in
 * something lighter, so that a guarded route costs little more than an unguarded one.
 */
export interface RequestLike {
  readonly method: string
  /** Absolute, or path and query only. */
  readonly url: string
  readonly headers: { get(name: string): string | null }
  /** Aborted when the client has gone away. */
  readonly signal?: AbortSignal | null | undefined
  /** Canonical address of the client, forwarded to the core for its rate limits. */
  readonly clientAddress?: string | undefined
}

/** The path of a request, without query and fragment. */
export function pathOf(request: Pick<RequestLike, 'url'>): string {
  const { url } = request
  let start = 0
  if (!url.startsWith('/')) {
    const authority = url.indexOf('://')
    const slash = authority < 0 ? -1 : url.indexOf('/', authority + 3)
    if (slash < 0) return '/'
    start = slash
  }
  // Two searches by character, not one by pattern: every request of the app comes by here.
  const fragment = url.indexOf('#', start)
  const end = fragment < 0 ? url.length : fragment
  const query = url.indexOf('?', start)
  return url.slice(start, query < 0 ? end : Math.min(query, end))
}

/**
 * Whether a request changes nothing by itself: a safe method (RFC 9110 section 9.2.1) that does not
 * open a WebSocket, through which a foreign page could then speak for the user.
 */
export function isSafe(request: Pick<RequestLike, 'method' | 'headers'>): boolean {
  const { method } = request
  if (method !== 'GET') return method === 'HEAD' || method === 'OPTIONS'
  const upgrade = request.headers.get('upgrade')
  return upgrade === null || !/websocket/i.test(upgrade)
}
