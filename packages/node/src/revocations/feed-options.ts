/** How the feed of revocations is followed, and what becomes of requests when it cannot be. */
export interface RevocationFeedOptions {
  /**
   * What a verification does while the feed is stale: `check-at-core` (the default) asks the core
   * about each token, `go-on` relies on what was known before, revocations or not.
   */
  readonly onStale?: 'check-at-core' | 'go-on'
  /**
   * The feed is stale after so long without a sign of life, in ms; 2 000 to 60 000, default 5 000.
   */
  readonly staleAfterMs?: number
  /**
   * With `check-at-core`: how long verification goes on without the feed while the core cannot be
   * asked either, in seconds since the feed was last complete; 0 to 3 600. After that, and with 0
   * at once, requests are answered 503. Default 900, the default life of an access token.
   */
  readonly coreDownSeconds?: number
  /** Entries held in memory, about 61 bytes each; 1 000 to 10 000 000, default 2 000 000. */
  readonly entriesMax?: number
}

/** Defaults of {@link RevocationFeedOptions}. */
export const FEED_DEFAULTS = {
  onStale: 'check-at-core',
  staleAfterMs: 5_000,
  coreDownSeconds: 900,
  entriesMax: 2_000_000,
} as const satisfies Required<RevocationFeedOptions>

const RANGES: { readonly [name: string]: readonly [min: number, max: number] } = {
  staleAfterMs: [2_000, 60_000],
  coreDownSeconds: [0, 3_600],
  entriesMax: [1_000, 10_000_000],
}

/** What is wrong with the options of the feed, one sentence per fault. */
export function faultsOfFeed(options: RevocationFeedOptions | false = {}): readonly string[] {
  if (options === false) return []
  return Object.entries(options).flatMap(([name, value]) => {
    if (name === 'onStale') {
      const isKnown = value === 'check-at-core' || value === 'go-on'
      return isKnown ? [] : ['revocationFeed.onStale: must be check-at-core or go-on']
    }
    const range = Object.hasOwn(RANGES, name) ? RANGES[name] : undefined
    if (range === undefined) return [`revocationFeed.${name}: there is no such option`]
    const [min, max] = range
    const isWithin = Number.isInteger(value) && value >= min && value <= max
    const wanted = `must be a whole number from ${min} to ${max}`
    return isWithin ? [] : [`revocationFeed.${name}: ${wanted}`]
  })
}
