import { HEADERS } from '@pawl/protocol/frontend'
import type { Answer } from './engine-state.ts'
import { decodeSessionHeader } from './session-header.ts'
import type { HeldTokens } from './shared-record.ts'

/** Reads what a response of our API says of the session. */
export function readAnswer(
  response: Response,
  sent: { readonly startedAtMs: number; readonly handle: string | undefined },
  nowMs: number,
): Answer {
  const { headers, status } = response
  const access = headers.get(HEADERS.accessToken)
  const refresh = headers.get(HEADERS.refreshToken)
  const tokens: HeldTokens = {
    ...(access ? { access } : {}),
    ...(refresh ? { refresh } : {}),
  }
  return {
    ...sent,
    status,
    session: decodeSessionHeader(headers.get(HEADERS.session)),
    code: headers.get(HEADERS.error) ?? undefined,
    tokens: access || refresh ? tokens : undefined,
    retryAfterMs: readRetryAfterMs(headers.get('retry-after'), nowMs),
  }
}

/** RFC 9110 section 10.2.3: seconds or a date. */
function readRetryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined
  const afterMs = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs
  return Number.isFinite(afterMs) ? Math.max(0, afterMs) : undefined
}
