import type { Trouble } from './session-state.ts'

/**
 * `no_session`: the user has to sign in. `trouble`: it cannot be known or renewed for now, nothing
 * is lost. `not_replayable`: the session was refreshed, but the body of the call was a stream and
 * is gone: send the call again.
 */
export type SessionErrorCode = 'no_session' | 'trouble' | 'not_replayable'

/** What the SDK rejects with. */
export interface SessionError extends Error {
  readonly name: 'SessionError'
  readonly code: SessionErrorCode
  /** With `trouble`: what the matter is, and when the engine tries again. */
  readonly trouble?: Trouble | undefined
}

const sentences: Readonly<Record<SessionErrorCode, string>> = {
  no_session: 'There is no session: the user has to sign in.',
  trouble: 'The session cannot be refreshed for now. Nothing is lost: try again later.',
  not_replayable: 'The session was refreshed, but the body was a stream: send the call again.',
}

/** Makes an error of the SDK. */
export function sessionError(code: SessionErrorCode, trouble?: Trouble): SessionError {
  return Object.assign(new Error(sentences[code]), { name: 'SessionError' as const, code, trouble })
}

/** Whether a caught value is an error of the SDK. */
export function isSessionError(value: unknown): value is SessionError {
  return value instanceof Error && value.name === 'SessionError'
}
