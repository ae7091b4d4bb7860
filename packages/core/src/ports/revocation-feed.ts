import type { FollowOptions, RevocationNotices } from '@pawl/protocol'
import type { AppId } from '../domain/ids.ts'

/** What a page of the feed is asked for with. */
export interface RevocationQuery {
  /** Null means from the oldest entry that still matters. */
  readonly after: string | null
  /** 1 to `PAGE_LIMIT_MAX`. */
  readonly limit: number
  /** How long to wait for news, in milliseconds; 0 answers at once. */
  readonly waitMs: number
}

/**
 * The revocation log of the store as one app follows it: entries of other apps, and those older
 * than `REVOCATION_FEED.keptMs`, are left out. Throws a `StoreError` if the log cannot be read, or
 * if there are too many followers (`unavailable`).
 */
export interface RevocationFeed {
  readPage(app: AppId, query: RevocationQuery): Promise<RevocationNotices>
  /** See `CoreApi.followRevocations`. */
  follow(app: AppId, options: FollowOptions): AsyncIterable<RevocationNotices>
}
