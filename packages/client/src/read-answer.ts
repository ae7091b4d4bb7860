import { HEADERS } from '@pawl/protocol/frontend'
import type { Answer } from './engine-state.ts'
import { decodeSessionHeader } from './session-header.ts'
import type { HeldTokens } from './shared-record.ts'

/** Reads what a response of our API says of the session. */
export function readAnswer(
  response: Response,
  sent: { readonly startedAtMs: number; readonly handle: string | undefined },
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
    // RFC 9110 section 10.2.3, in seconds; after a date the engine's own patience counts.
    retryAfterMs: Number(headers.get('retry-after')) * 1000 || undefined,
  }
}
