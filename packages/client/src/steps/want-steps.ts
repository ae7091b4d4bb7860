import type { EngineEvent, EngineState, Step, Want, WantResult } from '../engine-state.ts'
import { MAX_PENDING_SIGN_OUTS, SIGN_OUT_MAX_AGE_MS } from '../settings.ts'
import { infoOf, type PendingSignOut } from '../shared-record.ts'
import { adoptRecord, amendRecord } from './record-steps.ts'
import { canRefresh, isBackingOff, isStaleForCall } from './schedule.ts'
import { endPatience } from './trouble.ts'

type Of<K extends EngineEvent['kind']> = Extract<EngineEvent, { readonly kind: K }>

/** A call is about to be sent: it waits if its token is stale, or a sign-out must go first. */
export function askCall(before: EngineState, event: Of<'call-asked'>): Step {
  const state = adoptRecord(before, event.record)
  const { known, signOuts } = state.record
  const patient = isBackingOff(state, event.nowMs)
  if (signOuts.length > 0 && state.settings.credentials === 'jar' && !patient) {
    return wait(state, { kind: 'leave', id: event.id })
  }
  const stale = known.kind === 'active' && isStaleForCall(known, event.nowMs)
  // In trouble it goes as it is: offline it fails by itself, and not every route needs a session.
  if (!stale || patient || !canRefresh(state)) return settle(state, event.id, 'go')
  return wait(state, { kind: 'call', id: event.id, staleGrant: known.header.grant })
}

/** Our API refused a call and asks for a refresh. */
export function askRefused(before: EngineState, event: Of<'call-refused'>): Step {
  const state = endPatience(adoptRecord(before, event.record), event.nowMs)
  const { known, signOuts } = state.record
  if (known.kind === 'active' && known.header.grant !== event.grant) {
    return settle(state, event.id, 'go')
  }
  const told = known.kind !== 'active' && state.certain && event.code === 'no_session'
  if (told || signOuts.length > 0 || !canRefresh(state)) return settle(state, event.id, 'ended')
  if (isBackingOff(state, event.nowMs)) return settle(state, event.id, 'trouble')
  const doubted = known.kind === 'active' ? state : doubt(state)
  return wait(doubted, { kind: 'call', id: event.id, staleGrant: event.grant })
}

/** The app wants a refresh, whatever the token's age. */
export function askRefresh(before: EngineState, event: Of<'refresh-asked'>): Step {
  const state = endPatience(before, event.nowMs)
  if (state.record.signOuts.length > 0 || !canRefresh(state)) {
    return settle(state, event.id, 'ended')
  }
  if (isBackingOff(state, event.nowMs)) return settle(state, event.id, 'trouble')
  const doubted = state.record.known.kind === 'active' ? state : doubt(state)
  return wait(doubted, { kind: 'force', id: event.id })
}

/** Somebody wants to know the state. */
export function askState(state: EngineState, event: Of<'state-asked'>): Step {
  if (state.certain) return settle(state, event.id, 'go')
  if (isBackingOff(state, event.nowMs)) return settle(state, event.id, 'trouble')
  return wait({ ...state, probing: true }, { kind: 'know', id: event.id })
}

/** The user signs out: here at once, at the API as soon as it can be reached. */
export function askSignOut(before: EngineState, event: Of<'sign-out-asked'>): Step {
  const { record, settings } = before
  const { known, tokens, signOuts } = record
  const handle = known.kind === 'active' ? known.header.handle : null
  const untilMs =
    known.kind === 'active' ? infoOf(known).absoluteExpiresAtMs : event.nowMs + SIGN_OUT_MAX_AGE_MS
  const asked: PendingSignOut = { handle, askedAtMs: event.nowMs, untilMs }
  const state = {
    ...before,
    certain: true,
    probing: false,
    trouble: undefined,
    direct: [...before.direct, handle].slice(-MAX_PENDING_SIGN_OUTS),
  }
  const signedOut = amendRecord(state, {
    known: { kind: 'none', reason: 'signed-out', sinceMs: event.nowMs },
    tokens: undefined,
    signOuts:
      settings.credentials === 'jar'
        ? [signOuts[0] !== undefined && handle === null ? signOuts[0] : asked]
        : tokens?.refresh === undefined
          ? signOuts
          : [...signOuts, { ...asked, refreshToken: tokens.refresh }].slice(-MAX_PENDING_SIGN_OUTS),
  })
  return wait(signedOut, { kind: 'leave', id: event.id })
}

/** Settles every want whose wish has come true, or cannot any more. */
export function settleWants(state: EngineState): Step {
  return settleThose(state, (want) => outcomeOf(want, state))
}

/** Settles all that wait, for now nothing can be done for them. */
export function failWants(state: EngineState): Step {
  return settleThose(state, () => 'trouble')
}

/** Settles the wants that the function has a result for. */
export function settleThose(
  state: EngineState,
  resultOf: (want: Want) => WantResult | undefined,
): Step {
  const results = state.wants.map((want) => ({ want, result: resultOf(want) }))
  if (results.every(({ result }) => result === undefined)) return { state, effects: [] }
  return {
    state: {
      ...state,
      wants: results.flatMap(({ want, result }) => (result === undefined ? [want] : [])),
    },
    effects: results.flatMap(({ want, result }) =>
      result === undefined ? [] : [{ kind: 'settle' as const, id: want.id, result }],
    ),
  }
}

function outcomeOf(want: Want, state: EngineState): WantResult | undefined {
  const { known, signOuts } = state.record
  if (want.kind === 'leave') return signOuts.length === 0 ? 'go' : undefined
  if (want.kind === 'know') return state.certain ? 'go' : undefined
  if (known.kind !== 'active' && state.certain) return 'ended'
  if (want.kind === 'force' || known.kind !== 'active') return undefined
  return known.header.grant === want.staleGrant ? undefined : 'go'
}

/** There may be a session after all: only the API can tell. */
function doubt(state: EngineState): EngineState {
  return { ...state, certain: false, probing: true }
}

function wait(state: EngineState, want: Want): Step {
  return { state: { ...state, wants: [...state.wants, want] }, effects: [] }
}

function settle(state: EngineState, id: number, result: WantResult): Step {
  return { state, effects: [{ kind: 'settle', id, result }] }
}
