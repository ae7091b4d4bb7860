import type { EngineEffect, EngineEvent, EngineState, Want, WantResult } from '../engine-state.ts'
import { MAX_PENDING_SIGN_OUTS } from '../settings.ts'
import type { PendingSignOut } from '../shared-record.ts'
import { amendRecord, contact, headerOf } from './record-steps.ts'
import { canRefresh, isBackingOff, isStaleForCall } from './schedule.ts'
import { endPatience } from './trouble.ts'

type Of<K extends EngineEvent['kind']> = Extract<EngineEvent, { readonly kind: K }>

/**
 * A call is about to be sent: it waits if its token is stale, while the first contact is made, or
 * if a sign-out must go first.
 */
export function askCall(state: EngineState, { id, nowMs }: Of<'call-asked'>): EngineState {
  const { known, signOuts } = state.record
  // In trouble it goes as it is: offline it fails by itself, and not every route needs a session.
  if (isBackingOff(state, nowMs)) return settle(state, id, 'done')
  if (signOuts.length > 0 && !state.settings.holdsTokens) return wait(state, { kind: 'leave', id })
  // A log-in that overtook the first contact could lose its cookies to the answer of that.
  if (!state.certain && state.task.kind !== 'idle') return wait(state, { kind: 'know', id })
  const stale = known.kind === 'active' && isStaleForCall(known, nowMs) && canRefresh(state)
  if (!stale) return settle(state, id, 'done')
  return wait(state, { kind: 'call', id, staleGrant: known.header.grant })
}

/** Our API refused a call and asks for a refresh. */
export function askRefused(state: EngineState, event: Of<'call-refused'>): EngineState {
  const { id, code, grant, nowMs } = event
  const header = headerOf(state)
  if (header !== undefined && header.grant !== grant) return settle(state, id, 'done')
  const told = header === undefined && state.certain && code === 'no_session'
  if (told || code === 'session_ended') return settle(state, id, 'none')
  return askGrant(state, { kind: 'call', id, staleGrant: grant }, nowMs)
}

/** The app wants a refresh, whatever the token's age. */
export function askRefresh(state: EngineState, { id, nowMs }: Of<'refresh-asked'>): EngineState {
  return askGrant(state, { kind: 'force', id }, nowMs)
}

/** Somebody wants to know the state. */
export function askState(state: EngineState, { id, nowMs }: Of<'state-asked'>): EngineState {
  if (state.certain) return settle(state, id, 'done')
  if (isBackingOff(state, nowMs)) return settle(state, id, 'trouble')
  return wait({ ...state, probing: true }, { kind: 'know', id })
}

/** The user signs out: here at once, at the API as soon as it can be reached. */
export function askSignOut(before: EngineState, { id, nowMs }: Of<'sign-out-asked'>): EngineState {
  const { tokens, signOuts } = before.record
  const handle = headerOf(before)?.handle ?? null
  const asked: PendingSignOut = {
    handle,
    askedAtMs: nowMs,
    ...(tokens?.refresh === undefined ? {} : { refreshToken: tokens.refresh }),
  }
  const state = { ...before, ...contact, direct: [...before.direct, handle] }
  const signedOut = amendRecord(state, {
    known: { kind: 'none', reason: 'signed-out', sinceMs: nowMs },
    tokens: undefined,
    signOuts: queueSignOut(state, signOuts, asked).slice(-MAX_PENDING_SIGN_OUTS),
  })
  return wait(signedOut, { kind: 'leave', id })
}

/** There is one jar, and so one sign-out of it; but each token that was held is ended by itself. */
function queueSignOut(
  { settings }: EngineState,
  signOuts: readonly PendingSignOut[],
  asked: PendingSignOut,
): readonly PendingSignOut[] {
  if (settings.holdsTokens) return asked.refreshToken ? [...signOuts, asked] : signOuts
  return asked.handle === null && signOuts.length > 0 ? signOuts : [asked]
}

/** Adds something to what is to be done. */
export function addEffect(state: EngineState, effect: EngineEffect): EngineState {
  return { ...state, effects: [...state.effects, effect] }
}

/** Settles every want whose wish has come true, or cannot any more. */
export function settleWants(state: EngineState): EngineState {
  return settleThose(state, (want) => outcomeOf(want, state))
}

/** Settles all that wait, for now nothing can be done for them. */
export function failWants(state: EngineState): EngineState {
  return settleThose(state, () => 'trouble')
}

/** Settles the wants that the function has a result for. */
export function settleThose(
  state: EngineState,
  resultOf: (want: Want) => WantResult | undefined,
): EngineState {
  let settled = state
  for (const want of state.wants) {
    const result = resultOf(want)
    if (result !== undefined) settled = settle(settled, want.id, result)
  }
  return settled
}

function outcomeOf(want: Want, state: EngineState): WantResult | undefined {
  if (want.kind === 'leave') return state.record.signOuts.length === 0 ? 'done' : undefined
  if (want.kind === 'know') return state.certain ? 'done' : undefined
  const header = headerOf(state)
  if (header === undefined) return state.certain ? 'none' : undefined
  return want.kind === 'call' && header.grant !== want.staleGrant ? 'done' : undefined
}

function askGrant(before: EngineState, want: Want, nowMs: number): EngineState {
  const { record, settings } = before
  const leaving = record.signOuts.length > 0 && !settings.holdsTokens
  if (leaving || !canRefresh(before)) return settle(before, want.id, 'none')
  const state = endPatience(before, nowMs)
  if (isBackingOff(state, nowMs)) return settle(state, want.id, 'trouble')
  // There may be a session after all: only the API can tell.
  const doubtful = headerOf(state) === undefined ? { certain: false, probing: true } : {}
  return wait({ ...state, ...doubtful }, want)
}

function wait(state: EngineState, want: Want): EngineState {
  return { ...state, wants: [...state.wants, want] }
}

function settle(state: EngineState, id: number, result: WantResult): EngineState {
  const wants = state.wants.filter((want) => want.id !== id)
  return addEffect({ ...state, wants }, { kind: 'settle', id, result })
}
