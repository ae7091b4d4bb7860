import { SESSION_NONE, type SessionInfoHeader } from '@pawl/protocol/frontend'
import type { Answer, EngineEvent, EngineState, Moment, SentRefresh } from '../engine-state.ts'
import type { PendingSignOut, Unanswered } from '../shared-record.ts'
import {
  amendRecord,
  contact,
  endReasonOf,
  forgetSession,
  headerOf,
  learnSession,
  noteAttempt,
  raceWindowOf,
} from './record-steps.ts'
import { canRefresh, isBackingOff, isRefreshDue, mayPresent, openAttempt } from './schedule.ts'
import { isQuickRetry, noteTrouble } from './trouble.ts'
import { addEffect, failWants, settleThose, settleWants } from './want-steps.ts'

type Of<K extends EngineEvent['kind']> = Extract<EngineEvent, { readonly kind: K }>
type Answered = Of<'task-answered'>

/** Refusals of a refresh that mean: this browser has no session any more. */
const endingCodes: readonly (string | undefined)[] = [
  'no_session',
  'session_ended',
  'token_theft',
  'refresh_token_invalid',
]

/** A refresh or a sign-out was answered. */
export function takeAnswer(state: EngineState, event: Answered): EngineState {
  const { task } = state
  if (task.kind === 'refreshing') return takeRefreshAnswer(state, task.sent, event)
  if (task.kind === 'signing-out') return takeSignOutAnswer(state, task.signOut, event)
  return state
}

/** A refresh or a sign-out was lost on the way. What was sent may still arrive. */
export function takeFailure(state: EngineState, event: Of<'task-failed'>): EngineState {
  return stop(noteTrouble(state, { ...event, kind: event.cause }))
}

/** With the lock: does the next thing that needs it, or releases it. */
export function workOn(before: EngineState, moment: Moment): EngineState {
  const { nowMs } = moment
  const state = settleWants(before)
  const signOut = state.record.signOuts[0]
  if (isBackingOff(state, nowMs)) return stop(state)
  if (signOut !== undefined) {
    const sure = state.settings.holdsTokens || state.direct.includes(signOut.handle)
    // After a while the jar may hold another session: a refresh tells which, before it is ended.
    return sure ? sendSignOut(state, signOut) : sendRefresh(state, nowMs)
  }
  if (!isRefreshDue(state, nowMs)) return release(state)
  if (mayPresent(state, nowMs)) return sendRefresh(state, nowMs)
  const { untilMs = nowMs } = openAttempt(state, nowMs) ?? {}
  return stop(noteTrouble(state, { ...moment, kind: 'settling', retryAfterMs: untilMs - nowMs }))
}

function sendRefresh(state: EngineState, nowMs: number): EngineState {
  const open = openAttempt(state, nowMs)
  const sent: SentRefresh = {
    serves: state.wants.filter(({ kind }) => kind !== 'leave').map(({ id }) => id),
    unansweredBefore: open,
    count: state.record.attempts.count + 1,
  }
  const unanswered: Unanswered = {
    generation: open ? open.generation : (headerOf(state)?.generation ?? null),
    untilMs: nowMs + 2 * raceWindowOf(state),
  }
  // Written before it is sent: if this tab dies now, the others know that it is on its way.
  const noted: EngineState = {
    ...noteAttempt(state, unanswered),
    task: { kind: 'refreshing', sent },
  }
  return addEffect(noted, {
    kind: 'send',
    route: 'refresh',
    refreshToken: state.record.tokens?.refresh,
  })
}

function sendSignOut(state: EngineState, signOut: PendingSignOut): EngineState {
  const { refreshToken } = signOut
  return addEffect(
    { ...state, task: { kind: 'signing-out', signOut } },
    { kind: 'send', route: 'signOut', refreshToken },
  )
}

function takeRefreshAnswer(before: EngineState, sent: SentRefresh, event: Answered): EngineState {
  const { answer, nowMs } = event
  const { session, status, code, retryAfterMs } = answer
  // Whoever has taken the lock away meanwhile may have sent another one since: that stays noted.
  const state =
    before.record.attempts.count > sent.count
      ? before
      : noteAttempt(before, locate(sent.unansweredBefore, session))
  if (status < 300 && typeof session === 'object' && hasTokens(state, answer)) {
    const learned = takeGrant(state, { ...answer, session }, event)
    const served = settleThose(learned, ({ id }) => (sent.serves.includes(id) ? 'done' : undefined))
    return workOn(served, event)
  }
  // Who sent a token knows better: somebody on the way has dropped the header with it.
  const isDropped = state.settings.holdsTokens && code === 'no_session'
  const refused = status === 401 && endingCodes.includes(code)
  if (!isDropped && (refused || (session === SESSION_NONE && status < 500))) {
    const reason = endReasonOf(state.record.known, code, nowMs)
    return workOn(forgetSession(state, reason, { handle: answer.handle, nowMs }), event)
  }
  const kind = isDropped || status < 300 ? 'unreadable' : 'status'
  return stop(noteTrouble(state, { ...event, kind, status, retryAfterMs }))
}

/** What was presented while nobody knew its generation was a parent of this one at most. */
function locate(
  unanswered: Unanswered | undefined,
  session: Answer['session'],
): Unanswered | undefined {
  if (unanswered?.generation !== null || typeof session !== 'object') return unanswered
  return { ...unanswered, generation: session.generation - 1 }
}

function hasTokens({ settings }: EngineState, { tokens }: Answer): boolean {
  return !settings.holdsTokens || tokens?.refresh !== undefined
}

/** A grant; but if it is of the session that is to be ended, it only tells whose jar this is. */
function takeGrant(
  before: EngineState,
  answer: Answer & { readonly session: SessionInfoHeader },
  moment: Moment,
): EngineState {
  const state = { ...before, ...contact, refreshedAtMs: moment.nowMs }
  const leaving = state.settings.holdsTokens ? undefined : state.record.signOuts[0]
  if (leaving === undefined) return learnSession(state, answer, moment)
  if (leaving.handle === null || leaving.handle === answer.session.handle) {
    return { ...state, direct: [...state.direct, leaving.handle] }
  }
  return amendRecord(learnSession(state, answer, moment), { signOuts: [] })
}

function takeSignOutAnswer(
  before: EngineState,
  sent: PendingSignOut,
  event: Answered,
): EngineState {
  const { session, status, retryAfterMs } = event.answer
  // A login page of a proxy, a page of a CDN in the place of an error: not our API's word.
  if (session !== SESSION_NONE) {
    const kind = status < 300 ? 'unreadable' : 'status'
    return stop(noteTrouble(before, { ...event, kind, status, retryAfterMs }))
  }
  const { signOuts } = before.record
  const state = amendRecord(
    {
      ...before,
      direct: before.direct.filter((handle) => handle !== sent.handle),
      trouble: undefined,
    },
    { signOuts: signOuts.filter(({ askedAtMs }) => askedAtMs !== sent.askedAtMs) },
  )
  // A log-in crossed it on the way: only the API can tell which of them the jar holds now.
  const crossed = !state.settings.holdsTokens && headerOf(state) !== undefined
  return workOn(crossed ? { ...state, certain: false, probing: true } : state, event)
}

/** Gives up for now: the lock goes back, and those who wait are told, unless a retry is near. */
function stop(state: EngineState): EngineState {
  if (isQuickRetry(state) && canRefresh(state)) return release(state)
  return release(failWants({ ...state, direct: [] }))
}

function release(state: EngineState): EngineState {
  return addEffect({ ...state, task: { kind: 'idle' } }, { kind: 'release-lock' })
}
