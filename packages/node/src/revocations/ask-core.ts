import { type Outcome, type Refusal, refuse, type VerifiedSession } from '@pawl/protocol'
import type { CoreCalls, NowMs } from '../ports.ts'

/** The core is given so long to answer about one token, in ms. */
const ANSWER_TIMEOUT_MS = 2_000
/** A core that did not answer is asked again after so long, in ms. */
const CORE_RETRY_MS = 500

/** What the core says of a token. */
export type CoreAnswer =
  | { readonly kind: 'live' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'silent' }

const LIVE: CoreAnswer = { kind: 'live' }
const SILENT: CoreAnswer = { kind: 'silent' }

/**
 * Asks the core about tokens, against its store. A core that was silent is asked by one request at
 * a time, now and then: the others are answered at once.
 */
export function makeAskCore(
  core: Pick<CoreCalls, 'verifySession'>,
  nowMs: NowMs,
): (token: string) => Promise<CoreAnswer> {
  let silentUntilMs: number | undefined
  let isProbing = false

  async function call(token: string): Promise<Outcome<VerifiedSession>> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
    isProbing = silentUntilMs !== undefined
    try {
      return await core.verifySession({ accessToken: token, checkStore: true }, signal)
    } catch {
      return refuse('unavailable')
    } finally {
      isProbing = false
    }
  }

  /** The time may have been set back, by a core that was heard. */
  function isSoon(atMs: number): boolean {
    const inMs = atMs - nowMs()
    return inMs > 0 && inMs <= CORE_RETRY_MS
  }

  return async (token) => {
    if (silentUntilMs !== undefined && (isProbing || isSoon(silentUntilMs))) return SILENT
    const outcome = await call(token)
    if (outcome.kind === 'refused' && !isDecided(outcome)) {
      silentUntilMs = nowMs() + CORE_RETRY_MS
      return SILENT
    }
    silentUntilMs = undefined
    // A displaced grant is no ended session: the next refresh settles it, here as elsewhere.
    if (outcome.kind === 'ok' || outcome.code === 'refresh_first') return LIVE
    return { kind: 'refused', refusal: outcome }
  }
}

/** Whether the core has judged the token, and not merely failed to. */
function isDecided({ code }: Refusal): boolean {
  return code !== 'unavailable' && code !== 'rate_limited' && code !== 'internal'
}
