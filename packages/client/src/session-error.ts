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
}

const sentences: Readonly<Record<SessionErrorCode, string>> = {
  no_session: 'Nobody is signed in.',
  trouble: 'The session cannot be refreshed for now.',
  not_replayable: 'The body was a stream: send the call again.',
}

/** Makes an error of the SDK. */
export function sessionError(code: SessionErrorCode): SessionError {
  return Object.assign(new Error(sentences[code]), { name: 'SessionError' as const, code })
}

/** Whether a caught value is an error of the SDK. */
export function isSessionError(value: unknown): value is SessionError {
  return value instanceof Error && value.name === 'SessionError'
}
