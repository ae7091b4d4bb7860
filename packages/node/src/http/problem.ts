import { type AskedAuthentication, ERRORS, HEADERS, type Refusal } from '@pawl/protocol'

/** Seconds a client waits before it retries, unless a refusal says otherwise. */
const RETRY_AFTER_SECONDS = 2

/** What depends on these request headers: every response that reads or writes a session. */
export const SESSION_VARY = 'Cookie, Authorization'

/** Headers of every response that is ours alone. */
const OWN_HEADERS = {
  'cache-control': 'no-store',
  vary: SESSION_VARY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const

/**
 * A refusal as `application/problem+json` (RFC 9457) with its stable code in the body and in the
 * header `pawl-error`. Says no more about a session than why it ended. A 401 carries
 * `WWW-Authenticate` (RFC 6750 section 3; RFC 9470 section 3 where another log-in is asked for,
 * which the body says, too), a 429 and a 503 `Retry-After`.
 */
export function problemResponse(refusal: Refusal): Response {
  const { code, detail, session, authentication } = refusal
  const row = ERRORS[code]
  const headers = new Headers(OWN_HEADERS)
  headers.set('content-type', 'application/problem+json; charset=utf-8')
  headers.set(HEADERS.error, code)
  if (row.status === 401) headers.set('www-authenticate', challengeOf(refusal))
  if (row.remedy === 'retry') {
    headers.set('retry-after', String(refusal.retryAfterSeconds ?? RETRY_AFTER_SECONDS))
  }
  const body = {
    type: `https://pawl.dev/problems/${code}`,
    title: row.title,
    status: row.status,
    detail,
    code,
    remedy: row.remedy,
    ...(session === undefined ? {} : { reason: session.reason }),
    ...authentication,
  }
  return new Response(JSON.stringify(body), { status: row.status, headers })
}

function challengeOf({ code, authentication }: Refusal): string {
  switch (code) {
    case 'no_session':
      return 'Bearer'
    case 'insufficient_user_authentication':
      return `Bearer error="${code}"${askedFor(authentication)}`
    default:
      return 'Bearer error="invalid_token"'
  }
}

function askedFor({ maxAgeSeconds, acrValues }: AskedAuthentication = {}): string {
  const maxAge = maxAgeSeconds === undefined ? '' : `, max_age="${maxAgeSeconds}"`
  return acrValues === undefined ? maxAge : `${maxAge}, acr_values="${acrValues.join(' ')}"`
}

/** A successful answer of one of our routes: an empty JSON object. */
export function emptyResponse(): Response {
  const headers = new Headers(OWN_HEADERS)
  headers.set('content-type', 'application/json; charset=utf-8')
  return new Response('{}', { status: 200, headers })
}
