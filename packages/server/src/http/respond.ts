import type { IncomingMessage, ServerResponse } from 'node:http'
import { ERRORS, type Refusal } from '@pawl/protocol'

/** An answer before it is written. */
export interface Reply {
  readonly status: number
  readonly body: unknown
  /** The body as it is sent, instead of `body` as JSON. */
  readonly text?: string
  /** Default `application/json; charset=utf-8`. */
  readonly contentType?: string
  /** Default `no-store`. */
  readonly cacheControl?: string
  readonly headers?: { readonly [name: string]: string }
}

const JSON_TYPE = 'application/json; charset=utf-8'
const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'
const PROBLEM_BASE = 'https://pawl.dev/problems/'
/** The longest wait after an answer that the service could not give, in seconds. */
const RETRY_AFTER_MAX_SECONDS = 5

/** A refusal as a problem document (RFC 9457) with the stable member `code`, and further ones. */
export function problemReply(
  refusal: Refusal,
  more: {
    readonly headers?: { readonly [name: string]: string }
    readonly members?: { readonly [name: string]: unknown }
  } = {},
): Reply {
  const { code, detail, session } = refusal
  const { status, title } = ERRORS[code]
  // The core does not know how many others it refuses at the same time: waits are drawn here.
  const retryAfterSeconds = status === 503 ? drawRetryAfter() : refusal.retryAfterSeconds
  const retryAfter = retryAfterSeconds ?? (status === 429 ? drawRetryAfter() : undefined)
  return {
    status,
    contentType: PROBLEM_TYPE,
    body: {
      ...{ type: PROBLEM_BASE + code, title, status, code, detail, session, retryAfterSeconds },
      ...more.members,
    },
    headers: {
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      // RFC 9110 section 11.6.1: a 401 names a scheme.
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...more.headers,
    },
  }
}

/** Seconds until a client comes again: 1 to 5 at random, so that those of one outage spread out. */
export function drawRetryAfter(): number {
  return 1 + Math.floor(Math.random() * RETRY_AFTER_MAX_SECONDS)
}

/**
 * Writes a reply. The connection closes after it if `closes` is set, or if a body that nobody will
 * read is still on its way.
 */
export function writeReply(
  request: IncomingMessage,
  response: ServerResponse,
  { reply, closes, requestId }: { reply: Reply; closes: boolean; requestId: string },
): void {
  if (response.headersSent || response.destroyed) return
  const text = reply.text ?? JSON.stringify(reply.body)
  const isUnread = !request.complete && request.headers['transfer-encoding'] !== undefined
  const isLong = !request.complete && Number(request.headers['content-length'] ?? 0) > 0
  const headers: Record<string, string | number> = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'content-type': reply.contentType ?? JSON_TYPE,
    'content-length': Buffer.byteLength(text),
    'cache-control': reply.cacheControl ?? 'no-store',
    'x-request-id': requestId,
  }
  if (closes || isUnread || isLong) headers.connection = 'close'
  if (reply.headers !== undefined) Object.assign(headers, reply.headers)
  response.writeHead(reply.status, headers)
  response.end(text)
}
