import type { EngineState } from '../engine-state.ts'
import {
  CALL_MARGIN_SHARE,
  LEAD_JITTER_SHARE,
  LEAD_SHARE,
  MAX_ALARM_MS,
  MAX_CALL_MARGIN_MS,
  MAX_LEAD_MS,
  MAX_RETRY_AFTER_MS,
  MIN_AHEAD_INTERVAL_MS,
} from '../settings.ts'
import { infoOf, type KnownSession, type Unanswered } from '../shared-record.ts'
import { headerOf, raceWindowOf } from './record-steps.ts'

/**
 * Whether a time is still to come that was set at most `aheadMs` ahead. One that lies further off
 * was set before this device's clock was set back: nobody waits for it.
 */
function isToCome(atMs = 0, nowMs: number, aheadMs: number): boolean {
  return nowMs < atMs && atMs <= nowMs + aheadMs
}

/** Whether the last failure asks for patience. */
export function isBackingOff(state: EngineState, nowMs: number): boolean {
  return isToCome(state.trouble?.retryAtMs, nowMs, MAX_RETRY_AFTER_MS)
}

/** Whether a call should not go out with the access token it has. */
export function isStaleForCall(known: KnownSession, nowMs: number): boolean {
  const marginMs = Math.min(MAX_CALL_MARGIN_MS, known.accessLifeMs * CALL_MARGIN_SHARE)
  return isExpired(known, nowMs + marginMs)
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
export function mayPresent(state: EngineState, nowMs: number): boolean {
  const header = headerOf(state)
  const generation = openAttempt(state, nowMs)?.generation ?? null
  return generation === null || header === undefined || header.generation <= generation + 1
}

/** The refresh whose answer may still be on its way, if there is one. */
export function openAttempt(state: EngineState, nowMs: number): Unanswered | undefined {
  const { unanswered } = state.record.attempts
  return isToCome(unanswered?.untilMs, nowMs, 2 * raceWindowOf(state)) ? unanswered : undefined
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
  const atMs = Math.max(dueAtMs, (isBackingOff(state, nowMs) && state.trouble?.retryAtMs) || 0)
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
