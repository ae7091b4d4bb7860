/** What a front end knows of its session. Holds no secret. Times are of this device's clock. */
export interface SessionInfo {
  /** Public name of the session: not a credential. */
  readonly handle: string
  readonly userId: string
  /** Names the grant; another value means: refreshed, or claims changed hands. */
  readonly grant: string
  /** Counts the refreshes along this branch. */
  readonly generation: number
  /** When the access token expires, ms since the epoch, corrected for this device's clock. */
  readonly accessExpiresAtMs: number
  /** When the session ends at the latest, ms since the epoch, corrected likewise. */
  readonly absoluteExpiresAtMs: number
  /** Public claims, as the server chose to show them. */
  readonly claims: { readonly [key: string]: unknown }
}

/**
 * The three states. `unknown`: nobody has told yet, or trouble on the network keeps it from being
 * known; `info` is then what was known last. Never taken for `none`.
 */
export type SessionState =
  | { readonly kind: 'active'; readonly info: SessionInfo }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly info?: SessionInfo }

/**
 * Why a session ended: signed out here (any tab of this browser), its longest life is over, a
 * stolen token was noticed, or it was ended elsewhere (another device, an operator, idleness).
 */
export type EndReason = 'signed-out' | 'expired' | 'theft' | 'ended-elsewhere'

/** What keeps the session from being refreshed for now. Nothing is lost by it. */
export interface Trouble {
  /**
   * `network`: no answer; `timeout`: none in time; `status`: an answer that decides nothing (429,
   * 5xx, a proxy's page); `unreadable`: success without readable session headers (CORS: expose
   * them), or the token that was sent did not arrive; `settling`: an earlier refresh may still be
   * on its way, another one would be taken for a thief's.
   */
  readonly kind: 'network' | 'timeout' | 'status' | 'unreadable' | 'settling'
  /** HTTP status, with `status` and `unreadable`. */
  readonly status?: number | undefined
  /** Failures in a row, from 1. */
  readonly failures: number
  /** When the engine tries again by itself, ms since the epoch, if there is reason to. */
  readonly retryAtMs: number
}

/** What a front end can listen to. `change` comes with every change of the state, first. */
export type SessionEvent =
  | { readonly kind: 'change'; readonly state: SessionState }
  | { readonly kind: 'refreshed'; readonly info: SessionInfo }
  | { readonly kind: 'ended'; readonly reason: EndReason; readonly info: SessionInfo }
  | { readonly kind: 'user-changed'; readonly from: SessionInfo; readonly to: SessionInfo }
  | { readonly kind: 'trouble'; readonly trouble: Trouble }
