import type { Refusal } from '@pawl/protocol'
import { drawRetryAfter, type Reply } from '../http/respond.ts'

const JSON_TYPE = 'application/json; charset=UTF-8'
const TEXT_TYPE = 'text/html; charset=UTF-8'

/** What a route answers: the reply, and what the log may know. */
export interface WireAnswer {
  readonly reply: Reply
  readonly code?: string | undefined
  /** Our handle of the session that it was about. */
  readonly handle?: string | undefined
}

/** An answer of the application: always 200, with a `status` of its own. */
export function json(body: object, log: Omit<WireAnswer, 'reply'> = {}): WireAnswer {
  const text = `${JSON.stringify(body)}\n`
  return { reply: { status: 200, body: null, text, contentType: JSON_TYPE }, ...log }
}

/** A refusal as this wire gives it: a sentence, and a line feed. */
export function text(status: number, sentence: string, code?: string): WireAnswer {
  const isRetried = status === 503 || status === 429
  const headers = isRetried ? { 'retry-after': String(drawRetryAfter()) } : {}
  const reply = { status, body: null, text: `${sentence}\n`, contentType: TEXT_TYPE, headers }
  return { reply, code: code ?? (status === 200 ? undefined : `wire_${status}`) }
}

/** The session is gone, or was never there: drivers clear their tokens. */
export function unauthorised(message: string, log: Omit<WireAnswer, 'reply'> = {}): WireAnswer {
  return json({ status: 'UNAUTHORISED', message }, log)
}

/** The access token is of no use: drivers present the refresh token. */
export function tryRefresh(message: string, log: Omit<WireAnswer, 'reply'> = {}): WireAnswer {
  return json({ status: 'TRY_REFRESH_TOKEN', message }, log)
}

/** The sentence of a claim that is the token's own. */
export const PROTECTED_CLAIM = 'The user payload contains protected field'

/**
 * A refusal of the core. Trouble of the service is a status of HTTP, and never one that makes a
 * driver log anybody out.
 */
export function refusal(refused: Refusal): WireAnswer {
  const { code, detail, session } = refused
  const log = { code, handle: session?.handle }
  switch (code) {
    case 'session_not_found':
    case 'session_ended':
    case 'refresh_token_invalid':
    case 'proof_required':
      return unauthorised(detail, log)
    case 'access_token_invalid':
    case 'access_token_expired':
    case 'refresh_first':
      return tryRefresh(detail, log)
    case 'app_unknown':
    case 'tenant_unknown':
      return text(400, `AppId or tenantId not found => ${detail}`, code)
    case 'rate_limited':
      return text(429, detail, code)
    case 'unavailable':
      return text(503, detail, code)
    case 'internal':
      return text(500, detail, code)
    default:
      return text(400, detail, code)
  }
}
