import type { Fault } from '../ports.ts'
import type { RequestLike } from '../request-like.ts'

/** Most hosts that are told of: anybody can make names up. */
const HOSTS_MAX = 100
/** What a host name or address looks like; anything else is not repeated to anybody. */
const HOST = /^[a-z0-9._-]{1,253}$|^\[[0-9a-f:.]{2,45}\]$/

/** Looks at requests that are about to get cookies. */
export type CookieHostWatch = (request: Pick<RequestLike, 'url' | 'headers'>) => void

/**
 * Tells of hosts that the cookie domain does not cover, each once: browsers drop such cookies in
 * silence (rfc6265bis section 5.7), and nobody can stay signed in there. Told, and the cookies sent
 * all the same: the host that is seen here is what a proxy left of it, and a proxy may also write
 * the domain anew.
 */
export function watchCookieHost(
  domain: string | undefined,
  tell: (fault: Fault) => void,
): CookieHostWatch {
  if (domain === undefined) return () => {}
  const told = new Set<string>()
  return (request) => {
    const host = hostOf(request)
    if (host === undefined || covers(domain, host)) return
    if (told.has(host) || told.size >= HOSTS_MAX) return
    told.add(host)
    tell({
      where: 'cookies',
      message:
        `browsers drop the session cookies at "${host}": cookies.domain is "${domain}". ` +
        'Serve the app below that domain, or set another or none; ' +
        'a proxy in between must pass on Host or set X-Forwarded-Host',
    })
  }
}

/** Domain matching (rfc6265bis section 5.1.3). A domain that passed the set-up is no address. */
function covers(domain: string, host: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}

/**
 * The host that the browser spoke to, by the best witness: the browser itself, where it says that
 * page and API are one origin; a proxy that tells what it was asked for; the request.
 */
function hostOf({ url, headers }: Parameters<CookieHostWatch>[0]): string | undefined {
  const origin = headers.get('sec-fetch-site') === 'same-origin' ? headers.get('origin') : null
  if (origin !== null && URL.canParse(origin)) return named(new URL(origin).host)
  const forwarded = headers.get('x-forwarded-host')?.split(',', 1)[0]
  if (forwarded !== undefined) return named(forwarded)
  if (!url.startsWith('/') && URL.canParse(url)) return named(new URL(url).host)
  return named(headers.get('host') ?? '')
}

/** A host without its port, in lower case; undefined if it cannot be one. */
function named(host: string): string | undefined {
  const bare = host
    .trim()
    .toLowerCase()
    .replace(/:\d{0,5}$/, '')
  return HOST.test(bare) ? bare : undefined
}
