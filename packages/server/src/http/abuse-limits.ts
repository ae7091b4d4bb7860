import { type ErrorCode, type Operation, type Outcome, type Refusal, refuse } from '@pawl/protocol'
import type { LimitName } from '../metrics/meter.ts'
import { attemptCounter } from './attempt-counter.ts'

/** What limits are set to. 0 turns one off. */
export interface AbuseSettings {
  /** Failing attempts of one client address in a minute. */
  readonly failuresPerMinute: number
  /** Refreshes of one session in a minute. */
  readonly refreshesPerMinute: number
  /** A count of milliseconds that never goes back. */
  readonly elapsedMs: () => number
  /** Told of each request that a limit refuses. */
  readonly onLimited?: (limit: LimitName) => void
}

/** The limits on abuse. None of them stands in the way of a valid token or key: see each. */
export interface AbuseLimits {
  /** A caller whose API key was refused; its refusal, or that of the limit. */
  readonly afterBadKey: (address: string, refusal: Refusal) => Refusal
  /**
   * Refuses a refresh of a session that is refreshed far too often; null for any other. Which
   * sessions its tokens name, is asked only if there is one that has to wait.
   */
  readonly faultOfRefresh: (handlesOf: () => readonly string[]) => Refusal | null
  /**
   * The outcome of a call, or the limit's refusal in place of one more failure. Whose attempt it
   * was, is asked only for one that failed.
   */
  readonly afterCall: <T>(
    call: { readonly operation: Operation; readonly addressOf: () => string },
    outcome: Outcome<T>,
  ) => Outcome<T>
}

const WINDOW_MS = 60_000
/** Keys that each counter remembers: together at most about 10 MB. */
const KEYS_MAX = 16_384
/** Attempts with tokens of one session that has ended, in a minute. */
const ENDED_PER_MINUTE = 30
/** What nobody who holds a token of ours is told. */
const FORGED: ReadonlySet<ErrorCode> = new Set(['refresh_token_invalid', 'access_token_invalid'])
const LIMITED: ReadonlySet<Operation> = new Set(['refreshSession', 'verifySession'])

/**
 * Counts failing attempts after the token was judged: a valid one always passes, whatever came from
 * its address before, and what is refused for being too frequent was a refusal already. A theft is
 * always told.
 */
export function abuseLimits(settings: AbuseSettings): AbuseLimits {
  const { failuresPerMinute, refreshesPerMinute, elapsedMs, onLimited = () => {} } = settings
  const common = { windowMs: WINDOW_MS, keysMax: KEYS_MAX, elapsedMs }
  const forged = attemptCounter({ ...common, max: failuresPerMinute })
  const badKeys = attemptCounter({ ...common, max: failuresPerMinute })
  const ended = attemptCounter({ ...common, max: failuresPerMinute === 0 ? 0 : ENDED_PER_MINUTE })
  const refreshes = attemptCounter({ ...common, max: refreshesPerMinute })

  function waitAfter(addressOf: () => string, refusal: Refusal): number {
    if (FORGED.has(refusal.code)) return told('forged-token', forged.add(addressOf()))
    const { code, session } = refusal
    return code === 'session_ended' && session !== undefined
      ? told('ended-session', ended.add(session.handle))
      : 0
  }

  function told(limit: LimitName, seconds: number): number {
    if (seconds > 0) onLimited(limit)
    return seconds
  }

  return {
    afterBadKey(address, refusal) {
      if (refusal.code !== 'api_key_required') return refusal
      const seconds = told('bad-key', badKeys.add(address))
      return seconds === 0 ? refusal : tooMany('attempts without a valid API key', seconds)
    },
    faultOfRefresh(handlesOf) {
      if (!refreshes.isAnyWaiting()) return null
      const waits = handlesOf().map((handle) => refreshes.wait(handle))
      const seconds = told('refreshes', Math.max(0, ...waits))
      return seconds === 0 ? null : tooMany('refreshes of one session', seconds)
    },
    afterCall({ operation, addressOf }, outcome) {
      if (!LIMITED.has(operation)) return outcome
      if (outcome.kind === 'refused') {
        const seconds = waitAfter(addressOf, outcome)
        return seconds === 0 ? outcome : tooMany('failing attempts', seconds)
      }
      const { session } = outcome.value as { session?: { handle: string } }
      if (operation === 'refreshSession' && session !== undefined) refreshes.add(session.handle)
      return outcome
    },
  }
}

function tooMany(what: string, retryAfterSeconds: number): Refusal {
  return refuse('rate_limited', `too many ${what}`, { retryAfterSeconds })
}
