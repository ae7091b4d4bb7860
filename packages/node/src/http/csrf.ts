import { HEADERS } from '@pawl/protocol'
import type { RequestLike } from '../request-like.ts'

/**
 * How cookie-authenticated requests that change something prove where they come from.
 *
 * - `origin` (default): Fetch Metadata where the browser sends it, the exact `Origin` (then
 *   `Referer`) where it does not.
 * - `origin-and-header`: that, and the header `pawl-transport`, which forces a CORS preflight.
 * - `dangerously-off`: no check.
 */
export type CsrfMode = (typeof CSRF_MODES)[number]

/** Every {@link CsrfMode}. */
export const CSRF_MODES = ['origin', 'origin-and-header', 'dangerously-off'] as const

/** The verdict on where a request comes from. */
export type CsrfDecision =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly why: string }

/** What the verdict depends on, beside the request. */
export interface CsrfPolicy {
  readonly mode: CsrfMode
  /** Exact origins of front ends. */
  readonly origins: ReadonlySet<string>
  /** Whether cookies are meant to travel across sites (`SameSite=None`). */
  readonly allowCrossSite: boolean
}

/** Most characters of an origin that are given back. */
const ORIGIN_SHOWN_MAX = 200
const CROSS_SITE = 'it is cross-site, where front ends need cookies with SameSite=None'

const ALLOWED: CsrfDecision = { kind: 'allowed' }

/**
 * Judges an unsafe request that carries cookies (or asks for some). `same-origin` passes;
 * `same-site` and, if cookies are `SameSite=None`, `cross-site` pass from a listed origin; `none`
 * (typed by the user) never does. Without Fetch Metadata the `Origin`, else the origin of the
 * `Referer`, must be listed, or be the request's own host over HTTPS: no page can choose the `Host`
 * of a request, a page of another host has another origin, and one of plain HTTP may be anybody's.
 * A proxy that hides the host makes that fail closed. Without either only the header
 * `pawl-transport` shows that no foreign page sent it, for a cross-origin request with that header
 * always has an `Origin`.
 */
export function decideCsrf(
  request: Pick<RequestLike, 'headers'>,
  policy: CsrfPolicy,
): CsrfDecision {
  if (policy.mode === 'dangerously-off') return ALLOWED
  const { headers } = request
  const hasHeader = headers.get(HEADERS.transport) !== null
  if (policy.mode === 'origin-and-header' && !hasHeader) {
    return refused(`the header ${HEADERS.transport} is missing`)
  }
  const origin = headers.get('origin')
  switch (headers.get('sec-fetch-site')) {
    case 'same-origin':
      return ALLOWED
    case 'same-site':
      return byOrigin(origin, policy)
    case 'cross-site':
      return policy.allowCrossSite ? byOrigin(origin, policy) : refused(CROSS_SITE)
    case 'none':
      return refused('a navigation may not change anything')
    default:
      break
  }
  const referer = headers.get('referer')
  if (origin !== null || referer !== null) {
    const from = origin ?? originOf(referer ?? '')
    return isOwn(from, headers.get('host')) ? ALLOWED : byOrigin(from, policy)
  }
  return hasHeader ? ALLOWED : refused(`send Sec-Fetch-Site, Origin or ${HEADERS.transport}`)
}

function isOwn(origin: string | null, host: string | null): boolean {
  return host !== null && host !== '' && origin === `https://${host}`
}

function byOrigin(origin: string | null, policy: CsrfPolicy): CsrfDecision {
  if (origin === null) return refused('it does not tell its origin')
  if (policy.origins.has(origin)) return ALLOWED
  return refused(`its origin "${origin.slice(0, ORIGIN_SHOWN_MAX)}" is not listed in origins`)
}

function originOf(referer: string): string | null {
  return URL.canParse(referer) ? new URL(referer).origin : null
}

function refused(why: string): CsrfDecision {
  return { kind: 'refused', why: `The request was refused: ${why}` }
}
