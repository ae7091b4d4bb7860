import * as v from 'valibot'

/** Bounds of the feed of revocations. */
export const REVOCATION_FEED = {
  /** Most entries of one page. */
  pageEntries: 500,
  /** Longest cursor, in characters. */
  cursorChars: 128,
  /** The longest a call may wait for news, in seconds. */
  waitSecondsMax: 25,
  /**
   * A core that has looked at its log sends a page at least this often, even an empty one, in ms.
   */
  headEveryMs: 1_000,
  /**
   * How long a revocation matters to a driver, in ms: the longest life of an access token (one
   * hour), and ten minutes for clocks that differ and refreshes that were under way.
   */
  keptMs: 4_200_000,
} as const

/** The media type of the feed as a stream (Server-Sent Events, WHATWG HTML section 9.2). */
export const EVENT_STREAM = 'text/event-stream'

const entryFields = { tenant: v.string(), atMs: v.number(), reason: v.string() } as const

/** One session that ended, or everything of a user (null: of the tenant) created up to a time. */
export const revocationEntry = v.variant('kind', [
  v.object({ kind: v.literal('session'), handle: v.string(), ...entryFields }),
  v.object({
    kind: v.literal('cut-off'),
    userId: v.nullable(v.string()),
    beforeMs: v.number(),
    ...entryFields,
  }),
])

/** A stretch of the feed. */
export const revocationPage = v.object({
  entries: v.array(revocationEntry),
  /** The position after this page: pass it as `after`. Opaque. */
  cursor: v.string(),
  /** Whether this was all that the core knew of. */
  isEnd: v.boolean(),
  /** When the core last looked at its log, by its own clock, ms since the epoch. */
  asOfMs: v.number(),
})

/** What a page is asked for with. */
export const revocationQuery = v.strictObject({
  after: v.optional(
    v.pipe(v.string(), v.maxLength(REVOCATION_FEED.cursorChars, 'is no position of the feed')),
  ),
  limit: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(REVOCATION_FEED.pageEntries)),
    REVOCATION_FEED.pageEntries,
  ),
  waitSeconds: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(REVOCATION_FEED.waitSecondsMax)),
    0,
  ),
})

/** An entry of the feed of revocations. Times in ms since the epoch, by the core's clock. */
export type RevocationNotice = v.InferOutput<typeof revocationEntry>
/** A page of the feed. */
export type RevocationNotices = v.InferOutput<typeof revocationPage>

/** Where to follow the feed from. */
export interface FollowOptions {
  /** The cursor of the last page that was taken in; null for all that still matters. */
  readonly after: string | null
  /** Ends the following. */
  readonly signal: AbortSignal
}
