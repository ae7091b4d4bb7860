import type { Outcome } from './errors.ts'
import type { FollowOptions, RevocationNotices } from './revocations.ts'
import type { Operation, RequestOf, ResponseOf } from './routes.ts'

/**
 * What a core can do for one app: the same whether it is a URL or embedded in the process. Refusals
 * are returned; trouble below (database, network) is the refusal `unavailable`, never a throw.
 */
export type CoreApi = {
  readonly [K in Operation]: (request: RequestOf<K>) => Promise<Outcome<ResponseOf<K>>>
} & {
  /**
   * The feed of revocations from a cursor on: pages as they come, and an empty one at least every
   * `REVOCATION_FEED.headEveryMs` as long as the core itself sees its log, so that a quiet feed can
   * be told from a dead one. An entry may come twice, none is left out. Ends with the signal or
   * with the core; throws when the feed cannot be had or breaks off: follow again from the last
   * cursor.
   */
  readonly followRevocations: (options: FollowOptions) => AsyncIterable<RevocationNotices>
  /** Lets go of what this API holds (connections, timers). Idempotent. */
  readonly close: () => Promise<void>
}

/** A pair of tokens as a core grants it. */
export type Grant = ResponseOf<'createSession'>
/** A session as back ends see it. */
export type SessionView = Grant['session']
/** A session with its server-side data. */
export type SessionInfo = ResponseOf<'getSession'>
/** What a verified access token says. */
export type VerifiedSession = ResponseOf<'verifySession'>
/** What a driver must know to verify locally. */
export type DriverSettings = ResponseOf<'getSettings'>
/** A set of public keys (RFC 7517). */
export type KeySet = ResponseOf<'getKeys'>
