import type { EngineState } from '../engine-state.ts'
import {
  CALL_MARGIN_SHARE,
  LEAD_JITTER_SHARE,
  LEAD_SHARE,
  MAX_ALARM_MS,
  MAX_CALL_MARGIN_MS,
  MAX_LEAD_MS,
  MIN_AHEAD_INTERVAL_MS,
} from '../settings.ts'
import { infoOf, type KnownSession } from '../shared-record.ts'

/** Whether the last failure asks for patience. */
export function isBackingOff(state: EngineState, nowMs: number): boolean {
  return state.trouble !== undefined && nowMs < state.trouble.retryAtMs
}

/** Whether a call should not go out with the access token it has. */
export function isStaleForCall(known: KnownSession, nowMs: number): boolean {
  const marginMs = Math.min(MAX_CALL_MARGIN_MS, known.accessLifeMs * CALL_MARGIN_SHARE)
  return nowMs >= infoOf(known).accessExpiresAtMs - marginMs
}

/** Whether the access token has expired, by all that is known here. */
export function isExpired(known: KnownSession, nowMs: number): boolean {
  return nowMs >= infoOf(known).accessExpiresAtMs
}

/** Whether there is work that needs the lock and may be done now. */
export function isWorkDue(state: EngineState, nowMs: number): boolean {
  if (isBackingOff(state, nowMs)) return false
  return state.record.signOuts.length > 0 || isRefreshDue(state, nowMs)
}

/** Whether somebody or something wants a refresh now. */
export function isRefreshDue(state: EngineState, nowMs: number): boolean {
  if (!canRefresh(state)) return false
  if (state.wants.some(({ kind }) => kind !== 'leave')) return true
  if (state.probing && !state.certain) return true
  const atMs = aheadAtMs(state)
  return atMs !== undefined && nowMs >= atMs
}

/** Whether there is a credential to refresh with, as far as this program can see. */
export function canRefresh(state: EngineState): boolean {
  return !state.settings.holdsTokens || state.record.tokens?.refresh !== undefined
}

/**
 * Whether the current token may be presented: not when the answer to one two generations older may
 * still be on its way, for then it, arriving late, would look like a thief's.
 */
export function mayPresent({ record }: EngineState, nowMs: number): boolean {
  const { known } = record
  const { unanswered } = record.attempts
  if (unanswered === undefined || nowMs >= unanswered.untilMs) return true
  if (unanswered.generation === null || known.kind !== 'active') return true
  return known.header.generation <= unanswered.generation + 1
}

/** When the alarm should ring: the next moment at which time alone makes work due. */
export function nextAlarmAtMs(state: EngineState, nowMs: number): number | undefined {
  if (state.task.kind !== 'idle') return undefined
  const ahead = aheadAtMs(state)
  const waiting =
    state.record.signOuts.length > 0 ||
    (canRefresh(state) && (state.wants.length > 0 || (state.probing && !state.certain)))
  const dueAtMs = waiting ? nowMs : ahead
  if (dueAtMs === undefined) return undefined
  const atMs = Math.max(dueAtMs, state.trouble?.retryAtMs ?? 0)
  // Timers count whole milliseconds: a fraction would make it ring before it is due.
  return Math.ceil(Math.min(atMs, nowMs + MAX_ALARM_MS))
}

/** Only a visible tab refreshes ahead of expiry: a hidden one waits until it is used. */
function aheadAtMs(state: EngineState): number | undefined {
  const { visible, jitter, settings } = state
  const { known } = state.record
  if (known.kind !== 'active' || !visible || !settings.refreshAhead) return undefined
  const leadMs =
    Math.min(MAX_LEAD_MS, known.accessLifeMs * LEAD_SHARE) * (1 + jitter * LEAD_JITTER_SHARE)
  return Math.max(
    infoOf(known).accessExpiresAtMs - leadMs,
    Math.max(known.grantedAtMs, state.refreshedAtMs) + MIN_AHEAD_INTERVAL_MS,
  )
}
