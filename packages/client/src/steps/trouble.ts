import type { EngineState } from '../engine-state.ts'
import type { Trouble } from '../session-state.ts'
import { BACKOFF_BASE_MS, MAX_BACKOFF_MS, MAX_RETRY_AFTER_MS, QUICK_RETRY_MS } from '../settings.ts'
import { isExpired } from './schedule.ts'

interface Failure {
  readonly kind: Trouble['kind']
  readonly status?: number | undefined
  readonly retryAfterMs?: number | undefined
  readonly nowMs: number
  readonly random: number
}

/** Notes a failure: when to try again, and whether the session is still known for sure. */
export function noteTrouble(state: EngineState, failure: Failure): EngineState {
  const failures = (state.trouble?.failures ?? 0) + 1
  const { kind, status, nowMs } = failure
  const trouble = {
    kind,
    failures,
    status,
    retryAtMs: nowMs + delayMs(failure, failures),
  }
  const { known } = state.record
  const unsure = known.kind === 'active' && isExpired(known, nowMs)
  return { ...state, trouble, certain: unsure ? false : state.certain }
}

/** A single lost answer: the callers wait for one quick retry instead of failing. */
export function isQuickRetry(state: EngineState): boolean {
  return state.trouble?.kind === 'network' && state.trouble.failures === 1
}

/** Ends the patience after trouble that a sign of life from the network has made pointless. */
export function endPatience(state: EngineState, nowMs: number): EngineState {
  const { trouble } = state
  if (trouble === undefined || !['network', 'timeout'].includes(trouble.kind)) return state
  return { ...state, trouble: { ...trouble, retryAtMs: Math.min(nowMs, trouble.retryAtMs) } }
}

function delayMs({ kind, retryAfterMs, random }: Failure, failures: number): number {
  if (kind === 'network' && failures === 1) return QUICK_RETRY_MS * (1 + random)
  const backoffMs = Math.min(MAX_BACKOFF_MS, BACKOFF_BASE_MS * 2 ** failures)
  // When an earlier refresh has settled is known; else it is a guess.
  const ownMs = kind === 'settling' ? 0 : backoffMs * (0.5 + random / 2)
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(ownMs, retryAfterMs ?? 0))
}
