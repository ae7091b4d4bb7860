import type { CookieScope } from './http/cookies.ts'
import type { CorsPolicy } from './http/cors.ts'
import type { CsrfPolicy } from './http/csrf.ts'
import type { Transport } from './options.ts'

/** The options, checked and worked out once: what requests are served by. */
export interface Config {
  readonly basePath: string
  readonly transport: Transport | 'both'
  readonly accessCookie: CookieScope
  readonly refreshCookie: CookieScope
  /** Cookies of former configurations, to be removed where a browser still has them. */
  readonly formerCookies: readonly CookieScope[]
  readonly csrf: CsrfPolicy
  /** Whether the check may be turned off for single routes. */
  readonly csrfMayBeOff: boolean
  readonly cors: CorsPolicy
  readonly publicClaims: readonly string[] | 'all'
}
