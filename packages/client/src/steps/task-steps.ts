import { SESSION_NONE, type SessionInfoHeader } from '@pawl/protocol/frontend'
import type { Answer, EngineEvent, EngineState, SentRefresh, Step } from '../engine-state.ts'
import type { PendingSignOut, Unanswered } from '../shared-record.ts'
import {
  adoptRecord,
  amendRecord,
  endReasonOf,
  forgetSession,
  learnSession,
  noteAttempt,
} from './record-steps.ts'
import { canRefresh, isBackingOff, isRefreshDue, mayPresent } from './schedule.ts'
import { isQuickRetry, noteTrouble } from './trouble.ts'
import { failWants, settleThose, settleWants } from './want-steps.ts'

type Of<K extends EngineEvent['kind']> = Extract<EngineEvent, { readonly kind: K }>
type Moment = { readonly nowMs: number; readonly random: number }

/** Refusals of a refresh that mean: this browser has no session any more. */
const endingCodes: readonly (string | undefined)[] = [
  'no_session',
  'session_ended',
  'token_theft',
  'refresh_token_invalid',
]

/** The lock is ours: look again at what the others have done meanwhile, then do what is left. */
export function holdLock(before: EngineState, event: Of<'lock-held'>): Step {
  return workOn(adoptRecord(before, event.record), event)
}

/** Another tab held the lock for too long. */
export function missLock(state: EngineState, event: Of<'lock-missed'>): Step {
  if (state.task.kind !== 'locking') return { state, effects: [] }
  const noted = noteTrouble({ ...state, task: { kind: 'idle' } }, { ...event, kind: 'locked' })
  return failWants(noted)
}

/** A refresh or a sign-out was answered. */
export function takeAnswer(state: EngineState, event: Of<'task-answered'>): Step {
  if (state.task.kind === 'refreshing') {
    return takeRefreshAnswer(state, state.task.sent, { ...event, answer: event.answer })
  }
  if (state.task.kind === 'signing-out') {
    return takeSignOutAnswer(state, state.task.signOut, { ...event, answer: event.answer })
  }
  return { state, effects: [] }
}

/** A refresh or a sign-out was lost on the way. What was sent may still arrive. */
export function takeFailure(state: EngineState, event: Of<'task-failed'>): Step {
  return stop(noteTrouble(state, { ...event, kind: event.cause }))
}

/** Does the next thing that needs the lock, or releases it. */
function workOn(before: EngineState, moment: Moment): Step {
  const settled = settleWants(dropOverdue(before, moment.nowMs))
  const { state } = settled
  const next = nextTask(state, moment)
  return { state: next.state, effects: [...settled.effects, ...next.effects] }
}

function nextTask(state: EngineState, moment: Moment): Step {
  const { nowMs } = moment
  const signOut = state.record.signOuts[0]
  if (isBackingOff(state, nowMs)) return stop(state)
  if (signOut !== undefined) {
    const sure = state.settings.credentials === 'held' || state.direct.includes(signOut.handle)
    // After a while the jar may hold another session: a refresh tells which, before it is ended.
    return sure ? sendSignOut(state, signOut) : sendRefresh(state, nowMs)
  }
  if (!isRefreshDue(state, nowMs)) return release(state)
  if (mayPresent(state, nowMs)) return sendRefresh(state, nowMs)
  const untilMs = state.record.attempts.unanswered?.untilMs ?? nowMs
  return stop(noteTrouble(state, { ...moment, kind: 'settling', retryAfterMs: untilMs - nowMs }))
}

function sendRefresh(before: EngineState, nowMs: number): Step {
  const { known, attempts, tokens } = before.record
  const old = attempts.unanswered
  const open = old !== undefined && nowMs < old.untilMs ? old : undefined
  const sent: SentRefresh = {
    handle: known.kind === 'active' ? known.header.handle : undefined,
    startedAtMs: nowMs,
    serves: before.wants.filter(({ kind }) => kind !== 'leave').map(({ id }) => id),
    unansweredBefore: open,
  }
  const generation = known.kind === 'active' ? known.header.generation : null
  const unanswered: Unanswered = {
    generation: open === undefined ? generation : earlier(located(open, generation), generation),
    untilMs: nowMs + 2 * before.settings.raceWindowMs,
  }
  // Written before it is sent: if this tab dies now, the others know that it is on its way.
  const state = noteAttempt({ ...before, task: { kind: 'refreshing', sent } }, unanswered)
  return { state, effects: [{ kind: 'send-refresh', refreshToken: tokens?.refresh }] }
}

/** What was presented while nobody knew its generation was a parent of this one at most. */
function located(open: Unanswered, generation: number | null): number | null {
  return open.generation ?? (generation === null ? null : generation - 1)
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}

function sendSignOut(before: EngineState, signOut: PendingSignOut): Step {
  const state: EngineState = { ...before, task: { kind: 'signing-out', signOut } }
  return { state, effects: [{ kind: 'send-sign-out', refreshToken: signOut.refreshToken }] }
}

function takeRefreshAnswer(
  before: EngineState,
  sent: SentRefresh,
  moment: Moment & { readonly answer: Answer },
): Step {
  const { answer, nowMs } = moment
  const { session, status, code } = answer
  const generation = typeof session === 'object' ? session.generation : null
  const open = sent.unansweredBefore
  const state = noteAttempt(before, open && { ...open, generation: located(open, generation) })
  const readable =
    typeof session === 'object' &&
    (state.settings.credentials === 'jar' || answer.tokens?.refresh !== undefined)
  if (status >= 200 && status < 300 && readable) {
    const learned = takeGrant(state, { ...answer, session }, moment)
    const served = settleThose(learned, ({ id }) => (sent.serves.includes(id) ? 'go' : undefined))
    const next = workOn(served.state, moment)
    return { state: next.state, effects: [...served.effects, ...next.effects] }
  }
  const ended = session === SESSION_NONE || (status === 401 && endingCodes.includes(code))
  if (ended && status < 500) {
    const reason = endReasonOf(state.record.known, code, nowMs)
    return workOn(forgetSession(state, reason, { handle: sent.handle, nowMs }), moment)
  }
  const kind = status < 300 ? 'unreadable' : 'status'
  return stop(noteTrouble(state, { ...moment, kind, status, retryAfterMs: answer.retryAfterMs }))
}

/** A grant; but if it is of the session that is waiting to be ended, it only tells whose jar this is. */
function takeGrant(
  state: EngineState,
  answer: Answer & { readonly session: SessionInfoHeader },
  moment: Moment,
): EngineState {
  const leaving = state.settings.credentials === 'jar' ? state.record.signOuts[0] : undefined
  const { handle } = answer.session
  const met = {
    ...state,
    certain: true,
    probing: false,
    trouble: undefined,
    refreshedAtMs: moment.nowMs,
  }
  if (leaving === undefined) return learnSession(met, answer, moment)
  if (leaving.handle === null || leaving.handle === handle) {
    return { ...met, direct: [...met.direct, leaving.handle] }
  }
  const learned = learnSession(met, answer, moment)
  return learned.record.signOuts.length > 0 ? amendRecord(learned, { signOuts: [] }) : learned
}

function takeSignOutAnswer(
  state: EngineState,
  sent: PendingSignOut,
  moment: Moment & { readonly answer: Answer },
): Step {
  const { status, retryAfterMs } = moment.answer
  if (status >= 300 && status !== 401) {
    return stop(noteTrouble(state, { ...moment, kind: 'status', status, retryAfterMs }))
  }
  const { known, signOuts } = state.record
  const left = signOuts.filter(({ handle, askedAtMs }) => {
    return handle !== sent.handle || askedAtMs !== sent.askedAtMs
  })
  const direct = state.direct.filter((handle) => handle !== sent.handle)
  const done = amendRecord({ ...state, direct, trouble: undefined }, { signOuts: left })
  // A log-in crossed it on the way: only the API can tell which of them the jar holds now.
  const crossed = known.kind === 'active' && state.settings.credentials === 'jar'
  return workOn(crossed ? { ...done, certain: false, probing: true } : done, moment)
}

/** Gives up for now: the lock goes back, and those who wait are told, unless a retry is near. */
function stop(before: EngineState): Step {
  const state = isQuickRetry(before) ? before : { ...before, direct: [] }
  const told = isQuickRetry(state) && canRefresh(state) ? { state, effects: [] } : failWants(state)
  const released = release(told.state)
  return { state: released.state, effects: [...told.effects, ...released.effects] }
}

function release(state: EngineState): Step {
  return { state: { ...state, task: { kind: 'idle' } }, effects: [{ kind: 'release-lock' }] }
}

function dropOverdue(state: EngineState, nowMs: number): EngineState {
  const left = state.record.signOuts.filter(({ untilMs }) => nowMs < untilMs)
  return left.length === state.record.signOuts.length
    ? state
    : amendRecord(state, { signOuts: left })
}
