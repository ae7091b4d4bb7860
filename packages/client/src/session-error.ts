import type { Trouble } from './session-state.ts'

/**
 * `no_session`: the user has to sign in. `trouble`: it cannot be known or renewed for now, nothing
 * is lost; the event `trouble` says more. `not_replayable`: the session was refreshed, but the
 * body of the call was a stream and is gone: send the call again.
 */
export type SessionErrorCode = 'no_session' | 'trouble' | 'not_replayable'

/** What the SDK rejects with. */
export interface SessionError extends Error {
  readonly name: 'SessionError'
  readonly code: SessionErrorCode
  /** With `trouble`: what keeps it from being known or renewed, if that was tried. */
  readonly cause?: Trouble | undefined
}

/** Makes an error of the SDK. */
export function sessionError(code: SessionErrorCode, cause?: Trouble): SessionError {
  return Object.assign(new Error(code), { name: 'SessionError' as const, code, cause })
}

/** Whether a caught value is an error of the SDK. */
export function isSessionError(value: unknown): value is SessionError {
  return value instanceof Error && value.name === 'SessionError'
}
