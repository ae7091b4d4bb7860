/** The settings of the rules. */
export interface EngineSettings {
  /** Header transport: this program holds the tokens. Otherwise the browser's cookie jar does. */
  readonly holdsTokens: boolean
  /** The servers' race window in ms, above 0. Default: as the driver tells; 60 000 till then. */
  readonly raceWindowMs?: number | undefined
  /**
   * Whether a start that knows nothing asks the API at once (`start`, the default), or only when
   * somebody wants to know (`demand`). Only the API can see into the cookie jar.
   */
  readonly probe: 'start' | 'demand'
  /**
   * Whether a visible tab refreshes ahead of expiry, and so keeps the session from idling out.
   * Default true.
   */
  readonly refreshAhead: boolean
}

/** The default settings. */
export const defaultSettings: EngineSettings = {
  holdsTokens: false,
  probe: 'start',
  refreshAhead: true,
}

/** How long before its expiry an access token is refreshed: this share of its life, bounded. */
export const LEAD_SHARE = 0.1
/** The longest lead, before jitter. */
export const MAX_LEAD_MS = 60_000
/** Jitter adds up to this share to the lead, so that tabs do not wake as one. */
export const LEAD_JITTER_SHARE = 0.5
/** A call does not go out with a token that has less than this share of its life left, bounded. */
export const CALL_MARGIN_SHARE = 0.05
/** The longest such margin. */
export const MAX_CALL_MARGIN_MS = 5_000
/** No refresh ahead of expiry within this time of the last grant, whatever the server says. */
export const MIN_AHEAD_INTERVAL_MS = 5_000

/** First retry after a lost answer, before jitter: callers wait for it. */
export const QUICK_RETRY_MS = 250
/** Base of the exponential back-off after further failures. */
export const BACKOFF_BASE_MS = 1_000
/** Longest back-off that the engine chooses by itself. */
export const MAX_BACKOFF_MS = 60_000
/** Longest wait that a Retry-After can impose. */
export const MAX_RETRY_AFTER_MS = 600_000

/** Sign-outs that wait to be sent; the oldest beyond are dropped. */
export const MAX_PENDING_SIGN_OUTS = 4
/** Longest delay given to a timer; browsers overflow at 2^31 ms. */
export const MAX_ALARM_MS = 3_600_000
