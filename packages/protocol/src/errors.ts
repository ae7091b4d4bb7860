/**
 * THE ERROR TABLE. Every refusal of the core and of the drivers, once: HTTP status, title, and what
 * the caller should do. Codes are stable; a refusal is `application/problem+json` (RFC 9457) with
 * the code in the member `code` and `https://pawl.dev/problems/<code>` as `type`.
 *
 * `remedy`: `refresh` = present the refresh token; `sign-in` = the session is gone;
 * `reauthenticate` = the session goes on, the user has to log in again for this call; `retry` = try
 * the same call again later, nothing was decided; `fix` = the call itself is wrong.
 */
export const ERRORS = {
  invalid_request: { status: 400, title: 'The request is malformed', remedy: 'fix' },
  payload_too_large: { status: 413, title: 'The body is too large', remedy: 'fix' },
  unsupported_media_type: { status: 415, title: 'Send application/json', remedy: 'fix' },
  method_not_allowed: { status: 405, title: 'This route has another method', remedy: 'fix' },
  not_found: { status: 404, title: 'There is no such route', remedy: 'fix' },
  host_not_allowed: { status: 421, title: 'This host name is not served here', remedy: 'fix' },
  api_key_required: { status: 401, title: 'A valid API key is required', remedy: 'fix' },
  api_key_scope: { status: 403, title: 'The API key lacks the scope', remedy: 'fix' },
  app_unknown: { status: 404, title: 'There is no such app', remedy: 'fix' },
  tenant_unknown: { status: 404, title: 'There is no such tenant', remedy: 'fix' },
  session_not_found: { status: 404, title: 'There is no such live session', remedy: 'fix' },
  session_limit: { status: 409, title: 'The user has too many live sessions', remedy: 'fix' },
  already_exists: { status: 409, title: 'It exists already', remedy: 'fix' },
  version_conflict: { status: 409, title: 'It was changed meanwhile', remedy: 'fix' },
  claims_reserved: { status: 400, title: 'A claim name is reserved', remedy: 'fix' },
  token_too_large: { status: 400, title: 'The token would be too large', remedy: 'fix' },
  no_session: { status: 401, title: 'No session was presented', remedy: 'sign-in' },
  access_token_invalid: { status: 401, title: 'The access token is not valid', remedy: 'refresh' },
  access_token_expired: { status: 401, title: 'The access token has expired', remedy: 'refresh' },
  refresh_first: { status: 401, title: 'The grant was displaced: refresh', remedy: 'refresh' },
  refresh_token_invalid: {
    status: 401,
    title: 'The refresh token is not valid',
    remedy: 'sign-in',
  },
  sessions_conflict: {
    status: 401,
    title: 'Good tokens of different sessions were presented',
    remedy: 'sign-in',
  },
  session_ended: { status: 401, title: 'The session has ended', remedy: 'sign-in' },
  token_theft: {
    status: 401,
    title: 'A superseded token was used: the session was ended',
    remedy: 'sign-in',
  },
  insufficient_user_authentication: {
    status: 401,
    title: 'A recent or stronger log-in is required',
    remedy: 'reauthenticate',
  },
  proof_required: { status: 401, title: 'The bound key must be proved', remedy: 'fix' },
  csrf_refused: { status: 403, title: 'The request came from another site', remedy: 'fix' },
  claim_refused: { status: 403, title: 'The session lacks a required claim', remedy: 'fix' },
  rate_limited: { status: 429, title: 'Too many attempts', remedy: 'retry' },
  unavailable: { status: 503, title: 'Temporarily unavailable', remedy: 'retry' },
  internal: { status: 500, title: 'The service failed', remedy: 'retry' },
} as const satisfies Readonly<Record<string, ErrorRow>>

/** What the caller of a refused request should do. */
export type Remedy = 'refresh' | 'sign-in' | 'reauthenticate' | 'retry' | 'fix'

interface ErrorRow {
  /** HTTP status, 400 to 599. */
  readonly status: number
  /** One short sentence for humans. */
  readonly title: string
  readonly remedy: Remedy
}

/** A stable error code. */
export type ErrorCode = keyof typeof ERRORS

/** A refusal: an expected answer, returned and never thrown. */
export interface Refusal {
  readonly kind: 'refused'
  readonly code: ErrorCode
  /** For humans; never parsed, holds no secret. */
  readonly detail: string
  /** Which session it was about, where the caller may know. */
  readonly session?: RefusedSession
  /** Seconds to wait before a retry; with `unavailable` and `rate_limited`. */
  readonly retryAfterSeconds?: number
  /** Which log-in is asked for; with `insufficient_user_authentication`. */
  readonly authentication?: AskedAuthentication
}

/** What a route asks of the log-in behind a session (RFC 9470 section 3). */
export interface AskedAuthentication {
  /** How long ago it may be, in seconds. */
  readonly maxAgeSeconds?: number
  /** Which `acr` it may have, the preferred one first. */
  readonly acrValues?: readonly string[]
}

/** The session a refusal is about. */
export interface RefusedSession {
  readonly handle: string
  readonly userId: string
  readonly tenant: string
  /** Why it ended: an end reason of the core. */
  readonly reason: string
}

/** An answer: a value or a refusal. */
export type Outcome<T> = { readonly kind: 'ok'; readonly value: T } | Refusal

/** A successful outcome. */
export function ok<T>(value: T): Outcome<T> {
  return { kind: 'ok', value }
}

/** A refusal with its detail (default: the title of the table). */
export function refuse(
  code: ErrorCode,
  detail: string = ERRORS[code].title,
  more: Pick<Refusal, 'session' | 'retryAfterSeconds' | 'authentication'> = {},
): Refusal {
  return { kind: 'refused', code, detail, ...more }
}

/** Whether a string names a row of the error table. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value)
}
