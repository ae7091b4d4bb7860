import type { CoreApi, Grant } from '@pawl/protocol'
import type { CoreLimits, CoreTls } from './core/core-pool.ts'
import type { TrustProxy } from './http/client-address.ts'
import type { CsrfMode } from './http/csrf.ts'
import type { Fault, NowMs, Schedule } from './ports.ts'
import type { RevocationFeedOptions } from './revocations/feed-options.ts'
import type { Revocations } from './session/revocations.ts'

/** How tokens travel between the front end and this back end. */
export type Transport = 'cookie' | 'header'

/**
 * What `createPawl` takes. Only `core` is needed; everything is checked at once when it is called.
 */
export interface PawlOptions {
  /**
   * The core: its URL (`http://127.0.0.1:3567`, or `https://core.internal/apps/shop` for an app
   * other than the default one), or an embedded core in this process.
   */
  readonly core: string | CoreApi
  /** Key for the core's API. Needed by a core that listens beyond this machine. */
  readonly apiKey?: string | undefined
  /**
   * Exact origins of the front ends (`https://app.example.com`). They may call across origins
   * (CORS) and pass the CSRF check where the browser does not say `same-origin` by itself.
   */
  readonly origins?: readonly string[]
  /** Path of the driver's own routes, refresh and sign-out; default `/auth/session`. */
  readonly basePath?: string
  /** Which transports are served; default `cookie`. With `both` the header wins over cookies. */
  readonly transport?: Transport | 'both'
  readonly cookies?: CookieOptions
  /** How requests with cookies prove their origin; default `origin`. Routes may differ. */
  readonly csrf?: CsrfMode
  /** Which proxies may name the client's address; default `false`. Express has its own setting. */
  readonly trustProxy?: TrustProxy
  /**
   * Which claims the front end may read in the header `pawl-session`: names, or `all`; default
   * none.
   */
  readonly publicClaims?: readonly string[] | 'all'
  /** Request and response headers of the app that cross-origin front ends may send and read. */
  readonly cors?: {
    readonly requestHeaders?: readonly string[]
    readonly responseHeaders?: readonly string[]
  }
  /** A stolen token was presented and its session ended. Not awaited; must not be slow. */
  readonly onTheft?: (event: Extract<PawlEvent, { kind: 'theft' }>) => unknown
  /**
   * A session ended: through this driver, or elsewhere, as the feed of revocations tells every
   * process within about two seconds (without the user). Not awaited; must not be slow.
   */
  readonly onSessionEnd?: (event: Extract<PawlEvent, { kind: 'ended' }>) => unknown
  /** Everything that happened to sessions through this driver, and which ended elsewhere. */
  readonly onEvent?: (event: PawlEvent) => unknown
  /** Trouble an operator should know of; default: a process warning, once a minute per kind. */
  readonly onFault?: (fault: Fault) => unknown
  /**
   * What is known elsewhere of revoked sessions; asked on each verification, must answer at once.
   */
  readonly revocations?: Revocations
  /**
   * How the core's feed of revocations is followed; `false` follows none: a revoked session's access
   * tokens then pass until they expire, unless a route has `checkStore`.
   */
  readonly revocationFeed?: RevocationFeedOptions | false
  readonly limits?: Partial<CoreLimits> & {
    /** Verified access tokens remembered; default 10000. */
    readonly verifiedTokens?: number
  }
  /** Own certificate authority, or a client certificate, for a core behind TLS (PEM). */
  readonly coreTls?: CoreTls
  /**
   * Allows a plain-text core beyond this machine: the API key and all tokens are then in the open.
   */
  readonly dangerouslyAllowInsecureCore?: boolean
  /** The source of time, ms since the epoch; for tests. */
  readonly clock?: NowMs
  /** Runs background work later; for tests. */
  readonly schedule?: Schedule
}

/** How cookies are set. */
export interface CookieOptions {
  /** Default `lax`. `none` is for front ends on another site. */
  readonly sameSite?: 'lax' | 'strict' | 'none'
  /**
   * Shares the cookies with all hosts below this domain, every one of which can then overwrite
   * them; they are called `__Secure-…` then. Default: this host alone.
   */
  readonly domain?: string
  /**
   * What the names of both cookies begin with, behind the prefix; default `pawl`. Every port of a
   * host has the same cookies, and so have all hosts of a `domain`: apps with cores or apps of
   * their own need names of their own there, or each log-in at one ends the session at the other.
   */
  readonly name?: string
  /** Names with `__Host-Http-`, which scripts of the same origin cannot set; default false. */
  readonly hostHttpPrefix?: boolean
  /** Keeps cookies apart per embedding site (CHIPS); needs `sameSite: 'none'`. Default false. */
  readonly partitioned?: boolean
  /**
   * Cookies without `Secure` and without a prefix, for development hosts that have neither HTTPS
   * nor a loopback name. Anybody on the network can read them.
   */
  readonly dangerouslyAllowHttp?: boolean
  /**
   * How cookies were set before: at most 8 former configurations. A browser keeps cookies of
   * another name, domain, path or partition beside the new ones; they are never read, and removed
   * when the driver sets or takes back tokens. List one for as long as its cookies can live.
   */
  readonly former?: readonly FormerCookies[]
}

/** A former configuration of cookies, as far as it tells cookies apart. */
export interface FormerCookies
  extends Pick<
    CookieOptions,
    'domain' | 'name' | 'hostHttpPrefix' | 'partitioned' | 'sameSite' | 'dangerouslyAllowHttp'
  > {
  /** Default `/`. */
  readonly path?: string
  /** Names of both cookies, if they were others than the options above make them. */
  readonly names?: { readonly access: string; readonly refresh: string }
}

/** Where a grant stands in the tree of its session; authenticates nothing. */
export type GrantLineage = Grant['lineage']

/** What happened to a session through this driver. Times in ms since the epoch. */
export type PawlEvent = { readonly atMs: number; readonly handle: string } & (
  | {
      readonly kind: 'created'
      readonly userId: string
      readonly tenant: string
      readonly lineage: GrantLineage
    }
  | {
      readonly kind: 'refreshed'
      readonly userId: string
      readonly tenant: string
      readonly lineage: GrantLineage
      /** Which row of the rotation rule granted; `current` and `advance` are the ordinary ones. */
      readonly rule: Grant['rule']
    }
  | { readonly kind: 'theft'; readonly userId: string; readonly tenant: string }
  | {
      readonly kind: 'ended'
      /** Why: `sign-out`, `revoked`, `theft`, `replaced`, `idle`, `absolute`, `limit`. */
      readonly reason: string
      /** Absent where only the handle is known. */
      readonly userId?: string
      readonly tenant?: string
    }
)
