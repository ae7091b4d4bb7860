/**
 * The wire between a front end and a driver. Imports nothing: it is part of every browser bundle.
 */

/** Cookie names. `__Host-` means Secure, host-only, `Path=/` (rfc6265bis section 4.1.3). */
export const COOKIES = { access: '__Host-pawl-at', refresh: '__Host-pawl-rt' } as const
/** Cookie names without HTTPS, for `dangerouslyAllowHttp` on non-loopback development hosts. */
export const INSECURE_COOKIES = { access: 'pawl-at', refresh: 'pawl-rt' } as const

/** Header names, lower case. */
export const HEADERS = {
  /**
   * Response: what the front end may know of the session, or `none` once it has ended. Base64url of
   * the JSON of a {@link SessionInfoHeader}. Never trusted by a server.
   */
  session: 'pawl-session',
  /** Response: the error code of a refusal of ours, so that a 401 of the app is not mistaken. */
  error: 'pawl-error',
  /** Request: `cookie` or `header`; its presence forces a CORS preflight. */
  transport: 'pawl-transport',
  /** Header transport: the refresh token, in requests to refresh and sign-out, and in answers. */
  refreshToken: 'pawl-refresh-token',
  /** Header transport, answers only: the access token. Requests use `Authorization: Bearer`. */
  accessToken: 'pawl-access-token',
} as const

/** Value of {@link HEADERS.session} that tells: this front end has no session any more. */
export const SESSION_NONE = 'none'

/** What the front end may know of its session. Holds no secret. */
export interface SessionInfoHeader {
  readonly handle: string
  readonly userId: string
  /** Counts refreshes along this branch; tells two grants apart. */
  readonly generation: number
  /** 16 characters naming the grant. */
  readonly grant: string
  /** Access token's expiry and the server's clock when it was sent, ms since the epoch. */
  readonly accessExpiresAtMs: number
  readonly serverNowMs: number
  /** When the session ends at the latest, ms since the epoch. */
  readonly absoluteExpiresAtMs: number
  /** Public claims, as the server chose to show them. */
  readonly claims: { readonly [key: string]: unknown }
  /** Race window of the core in ms, 0 or more; absent: {@link RACE_WINDOW_ASSUMED_MS}. */
  readonly w?: number
}

/** The race window of a core that names none, in ms. */
export const RACE_WINDOW_ASSUMED_MS = 60_000

/** Paths below the driver's base path. */
export const FRONTEND_PATHS = { refresh: '/refresh', signOut: '/sign-out' } as const
/** Default base path of the driver's own routes. */
export const DEFAULT_BASE_PATH = '/auth/session'

/** An SDK aborts a refresh after this share of the race window. */
export const REFRESH_ABORT_SHARE = 1 / 3
/** Default abort of a refresh in milliseconds: a third of the default race window. */
export const REFRESH_ABORT_MS = 20_000
