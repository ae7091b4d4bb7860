import { SESSION_NONE } from '@pawl/protocol/frontend'
import { deriveEvents } from './derive-events.ts'
import type { EngineEffect, EngineEvent, EngineState, Step } from './engine-state.ts'
import type { EngineSettings } from './settings.ts'
import { emptyRecord } from './shared-record.ts'
import { adoptRecord, endReasonOf, forgetSession, learnSession } from './steps/record-steps.ts'
import { isExpired, isWorkDue, nextAlarmAtMs } from './steps/schedule.ts'
import { takeAnswer, takeFailure, workOn } from './steps/task-steps.ts'
import { endPatience } from './steps/trouble.ts'
import {
  askCall,
  askRefresh,
  askRefused,
  askSignOut,
  askState,
  settleWants,
} from './steps/want-steps.ts'

type Of<K extends EngineEvent['kind']> = Extract<EngineEvent, { readonly kind: K }>

/** The state of a tab before its `started` event. */
export function initialState(settings: EngineSettings, tab: string): EngineState {
  return {
    settings,
    tab,
    record: emptyRecord,
    certain: false,
    probing: false,
    visible: false,
    task: { kind: 'idle' },
    wants: [],
    direct: [],
    jitter: 0,
    refreshedAtMs: 0,
    unwritten: false,
    effects: [],
  }
}

/**
 * The transition function of the engine: what one tab does when something happens. Pure; all
 * decisions of the engine are here and below.
 */
export function step(before: EngineState, event: EngineEvent): Step {
  // Whatever happens: first look at what the others have done meanwhile.
  const current = adoptRecord(before, event.record)
  const moved = plan(settleWants(move(current, event)), event.nowMs)
  const state = { ...moved, unwritten: false, effects: [] }
  // First of all: what is sent next may only be sent when the others can know of it.
  const writes: readonly EngineEffect[] = moved.unwritten
    ? [{ kind: 'write-record', record: moved.record }]
    : []
  const tells = deriveEvents(before, state).map((told) => ({ kind: 'emit' as const, event: told }))
  return { state, effects: [...writes, ...moved.effects, ...tells] }
}

const moves: {
  readonly [K in EngineEvent['kind']]: (state: EngineState, event: Of<K>) => EngineState
} = {
  started: start,
  noticed: (state) => state,
  alarm: (state) => ({ ...state, alarmAtMs: undefined }),
  woke: wake,
  'call-asked': askCall,
  answered: observe,
  'call-refused': askRefused,
  'refresh-asked': askRefresh,
  'state-asked': askState,
  'sign-out-asked': askSignOut,
  'lock-held': workOn,
  'task-answered': takeAnswer,
  'task-failed': takeFailure,
}

function move(state: EngineState, event: EngineEvent): EngineState {
  return (moves[event.kind] as (state: EngineState, event: EngineEvent) => EngineState)(
    state,
    event,
  )
}

/** A page begins with what the tabs know; but only the API knows whether it is still so. */
function start(state: EngineState, { visible, nowMs, random }: Of<'started'>): EngineState {
  const { settings, record } = state
  const { known, signOuts } = record
  // Whoever holds the tokens knows that there are none; and a sign-out of ours stands. But the jar
  // may have been filled by a redirect or by a page of another origin since.
  const certain =
    known.kind === 'active' ? !isExpired(known, nowMs) : settings.holdsTokens || signOuts.length > 0
  const asks = known.kind === 'active' || settings.probe === 'start'
  return { ...state, visible, jitter: random, certain, probing: asks && !certain }
}

function wake(before: EngineState, { visible, online, nowMs }: Of<'woke'>): EngineState {
  const state = { ...before, visible }
  return online || (visible && !before.visible) ? endPatience(state, nowMs) : state
}

/** What an ordinary response of our API tells about the session. */
function observe(state: EngineState, event: Of<'answered'>): EngineState {
  const { answer, nowMs } = event
  const { session, status, code, handle } = answer
  if (typeof session === 'object') return learnSession(state, { ...answer, session }, event)
  // `no_session` says that no access token came along; there may be a refresh token.
  if (code === 'no_session' || status >= 500) return state
  const over = status === 401 && (code === 'session_ended' || code === 'token_theft')
  if (session !== SESSION_NONE && !over) return state
  const reason = status < 400 ? 'signed-out' : endReasonOf(state.record.known, code, nowMs)
  return forgetSession(state, reason, { handle, nowMs })
}

/** Begins what is due, and sets the alarm for what will be. */
function plan(before: EngineState, nowMs: number): EngineState {
  const effects = [...before.effects]
  let { task } = before
  if (task.kind === 'idle' && isWorkDue(before, nowMs)) {
    task = { kind: 'locking' }
    effects.push({ kind: 'take-lock' })
  }
  const state: EngineState = { ...before, task, effects }
  const atMs = nextAlarmAtMs(state, nowMs)
  if (atMs !== state.alarmAtMs) effects.push({ kind: 'set-alarm', atMs })
  return { ...state, alarmAtMs: atMs }
}
