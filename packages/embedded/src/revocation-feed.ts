import {
  type AppId,
  type Clock,
  type RevocationEntry,
  type RevocationFeed,
  type RevocationQuery,
  StoreError,
} from '@pawl/core'
import {
  type FollowOptions,
  REVOCATION_FEED,
  type RevocationNotice,
  type RevocationNotices,
} from '@pawl/protocol'
import type { Stretch } from './revocation-log.ts'
import type { RevocationTail } from './revocation-tail.ts'

/** Followers and waiting calls of one core together; more are refused as `unavailable`. */
const FOLLOWERS_MAX = 1_024
/** The same for a call that waits: each holds one of the core's places for requests. */
const WAITERS_MAX = 256

/** The feed of a core's apps, and its end. */
export interface ClosableFeed extends RevocationFeed {
  /** Ends every following and answers every waiting call with what there is. */
  readonly close: () => void
}

/** What a feed stands on. */
interface FeedOptions {
  readonly tail: RevocationTail
  readonly clock: Clock
  /** Why nothing may be decided by the clock now; null if all is well. */
  readonly clockFault: () => string | null
}

/**
 * The feed over one tail: what concerns an app, page by page. While the clock is not to be trusted
 * it breaks off and says nothing: whoever follows goes stale then and checks at a core.
 */
export function revocationFeed({ tail, clock, clockFault }: FeedOptions): ClosableFeed {
  const closing = new AbortController()
  let followers = 0

  function enter(limit: number): void {
    if (closing.signal.aborted) throw new StoreError('closed', 'the core is stopping')
    if (followers >= limit) {
      throw new StoreError('unavailable', 'too many follow the feed of revocations')
    }
    followers += 1
    tail.join()
  }

  function leave(): void {
    followers -= 1
    tail.leave()
  }

  const pageOf = (app: AppId, stretch: Stretch) => noticesOf(app, stretch, clock.nowMs())

  async function readPage(app: AppId, query: RevocationQuery): Promise<RevocationNotices> {
    throwIf(clockFault())
    let page = pageOf(app, await tail.readAfter(query.after, query.limit))
    if (query.waitMs === 0 || !isNothing(page)) return page
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(query.waitMs)])
    enter(WAITERS_MAX)
    try {
      while (isNothing(page) && !signal.aborted) {
        await tail.nextLook(signal)
        throwIf(clockFault())
        page = pageOf(app, await tail.readAfter(page.cursor, query.limit))
      }
      return page
    } finally {
      leave()
    }
  }

  async function* follow(app: AppId, options: FollowOptions): AsyncGenerator<RevocationNotices> {
    const signal = AbortSignal.any([closing.signal, options.signal])
    enter(FOLLOWERS_MAX)
    try {
      let cursor = options.after
      let sentAtMs = Number.NEGATIVE_INFINITY
      let sentLook = -1
      while (!signal.aborted) {
        throwIf(clockFault())
        const { looks } = tail
        const isNews = cursor === null || sentLook === -1
        const reading = tail.readAfter(cursor, REVOCATION_FEED.pageEntries)
        const stretch = await (isNews ? reading : reading.catch(() => undefined))
        const page = stretch && pageOf(app, stretch)
        const isDue = performance.now() - sentAtMs >= REVOCATION_FEED.headEveryMs
        // An empty page vouches for the log: it needs a look of its own.
        if (page && (page.entries.length > 0 || !page.isEnd || (isDue && looks !== sentLook))) {
          yield page
          sentAtMs = performance.now()
          sentLook = looks
        }
        cursor = page?.cursor ?? cursor
        if (page === undefined || page.isEnd) await tail.nextLook(signal)
      }
    } finally {
      leave()
    }
  }

  return { readPage, follow, close: () => closing.abort() }
}

function throwIf(fault: string | null): void {
  if (fault !== null) throw new StoreError('unavailable', fault)
}

/**
 * What concerns an app, and still matters: what is older than the newest entry of the stretch by so
 * much that it does not is left out, and never what is old by a clock that may be ahead alone.
 */
function noticesOf(app: AppId, stretch: Stretch, nowMs: number): RevocationNotices {
  const { entries, cursor, isEnd, asOfMs } = stretch
  const newestMs = entries.reduce((latest, { atMs }) => Math.max(latest, atMs), 0)
  const sinceMs = Math.min(nowMs, newestMs) - REVOCATION_FEED.keptMs
  const own = entries.filter((entry) => entry.app === app && entry.atMs >= sinceMs)
  return { entries: own.map(noticeOf), cursor, isEnd, asOfMs }
}

function isNothing(page: RevocationNotices): boolean {
  return page.isEnd && page.entries.length === 0
}

function noticeOf(entry: RevocationEntry): RevocationNotice {
  const { tenant, atMs, reason } = entry
  if (entry.kind === 'session') {
    return { kind: 'session', handle: entry.handle, tenant, atMs, reason }
  }
  const { userId, beforeMs } = entry
  return { kind: 'cut-off', userId, beforeMs, tenant, atMs, reason }
}
