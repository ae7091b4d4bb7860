import { SESSION_NONE } from '@pawl/protocol/frontend'
import { deriveEvents } from './derive-events.ts'
import type { EngineEffect, EngineEvent, EngineState, Step } from './engine-state.ts'
import type { EngineSettings } from './settings.ts'
import { emptyRecord } from './shared-record.ts'
import { adoptRecord, endReasonOf, forgetSession, learnSession } from './steps/record-steps.ts'
import { isExpired, isWorkDue, nextAlarmAtMs } from './steps/schedule.ts'
import { holdLock, missLock, takeAnswer, takeFailure } from './steps/task-steps.ts'
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
    trouble: undefined,
    jitter: 0,
    refreshedAtMs: 0,
    unwritten: false,
    alarmAtMs: undefined,
  }
}

/**
 * The transition function of the engine: what one tab does when something happens. Pure; all
 * decisions of the engine are here and below.
 */
export function step(before: EngineState, event: EngineEvent): Step {
  const moved = move(before, event)
  const settled = settleWants(moved.state)
  const planned = plan(settled.state, event.nowMs)
  const after = { ...planned.state, unwritten: false }
  return {
    state: after,
    effects: [
      // First of all: what is sent next may only be sent when the others can know of it.
      ...(planned.state.unwritten ? [{ kind: 'write-record' as const, record: after.record }] : []),
      ...moved.effects,
      ...settled.effects,
      ...planned.effects,
      ...deriveEvents(before, after).map((told) => ({ kind: 'emit' as const, event: told })),
    ],
  }
}

function move(state: EngineState, event: EngineEvent): Step {
  switch (event.kind) {
    case 'started':
      return only(start(state, event))
    case 'noticed':
      return only(adoptRecord(state, event.record))
    case 'alarm':
      return only(adoptRecord({ ...state, alarmAtMs: undefined }, event.record))
    case 'woke':
      return only(wake(state, event))
    case 'call-asked':
      return askCall(state, event)
    case 'answered':
      return only(observe(state, event))
    case 'call-refused':
      return askRefused(state, event)
    case 'refresh-asked':
      return askRefresh(state, event)
    case 'state-asked':
      return askState(state, event)
    case 'sign-out-asked':
      return askSignOut(state, event)
    case 'lock-held':
      return holdLock(state, event)
    case 'lock-missed':
      return missLock(state, event)
    case 'task-answered':
      return takeAnswer(state, event)
    case 'task-failed':
      return takeFailure(state, event)
    default:
      return event satisfies never
  }
}

function only(state: EngineState): Step {
  return { state, effects: [] }
}

/** A page begins with what the tabs know; but only the API knows whether it is still so. */
function start(state: EngineState, { record, visible, nowMs, random }: Of<'started'>): EngineState {
  const begun = { ...state, record: record ?? emptyRecord, visible, jitter: random }
  const { known, signOuts } = begun.record
  if (known.kind === 'active') {
    const certain = !isExpired(known, nowMs)
    return { ...begun, certain, probing: !certain }
  }
  // Whoever holds the tokens knows that there are none; and a sign-out of ours stands.
  if (state.settings.credentials === 'held' || signOuts.length > 0) {
    return { ...begun, certain: true }
  }
  // The jar may have been filled by a redirect or by a page of another origin since.
  return { ...begun, probing: state.settings.probe === 'start' }
}

function wake(before: EngineState, { record, visible, online, nowMs }: Of<'woke'>): EngineState {
  const state = { ...adoptRecord(before, record), visible }
  const returned = online || (visible && !before.visible)
  return returned ? endPatience(state, nowMs) : state
}

/** What an ordinary response of our API tells about the session. */
function observe(state: EngineState, { answer, nowMs, random }: Of<'answered'>): EngineState {
  const { session, status, code, handle } = answer
  if (typeof session === 'object') {
    return learnSession(state, { ...answer, session }, { nowMs, random })
  }
  // `no_session` says that no access token came along; there may be a refresh token.
  if (code === 'no_session' || status >= 500) return state
  const over = status === 401 && (code === 'session_ended' || code === 'token_theft')
  if (session !== SESSION_NONE && !over) return state
  const reason = status < 400 ? 'signed-out' : endReasonOf(state.record.known, code, nowMs)
  return forgetSession(state, reason, { handle, nowMs })
}

/** Begins what is due, and sets the alarm for what will be. */
function plan(state: EngineState, nowMs: number): Step {
  const effects: EngineEffect[] = []
  let planned = state
  if (state.task.kind === 'idle' && isWorkDue(state, nowMs)) {
    planned = { ...state, task: { kind: 'locking' } }
    effects.push({ kind: 'take-lock' })
  }
  const alarmAtMs = nextAlarmAtMs(planned, nowMs)
  if (alarmAtMs !== planned.alarmAtMs) effects.push({ kind: 'set-alarm', atMs: alarmAtMs })
  return { state: { ...planned, alarmAtMs }, effects }
}
