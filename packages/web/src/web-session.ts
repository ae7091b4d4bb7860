import type {
  SessionEvent,
  SessionFetch,
  SessionInfo,
  SessionState,
  WantResult,
} from '@pawl/client'
import type { InterceptOptions } from './intercept-fetch.ts'

/** The session of this browser. */
export interface WebSession {
  /** fetch, with the session; other origins than the API's are passed through untouched. */
  readonly fetch: SessionFetch
  /**
   * For calls that are not made by fetch (XMLHttpRequest, EventSource, WebSocket, a download):
   * waits until the access token is good for one, and returns the headers to send along, if any
   * can be sent. Never rejects.
   */
  prepare(): Promise<{ readonly [name: string]: string }>
  /** The state now; the same object until it changes. */
  get(): SessionState
  /** The state once it is known; `unknown` if trouble keeps it from being known for now. */
  ready(): Promise<SessionState>
  /** The session, or a rejection with a `SessionError`: `no_session` or `trouble`. */
  require(): Promise<SessionInfo>
  /**
   * Refreshes now, for new claims say; it starts after it was asked for, calls queue. `none`: there
   * is no session; `trouble`: it cannot be done for now, and nothing is lost.
   */
  refresh(): Promise<WantResult>
  /**
   * Signs out: here and in all tabs at once. `done`: the API has confirmed it; `queued`: it will
   * be told as soon as it can be reached, unless somebody has signed in by then.
   */
  signOut(): Promise<'done' | 'queued'>
  /** Calls back with every change of the state. Returns the way to stop. */
  subscribe(listener: (state: SessionState) => void): () => void
  /** Calls back with every event of a kind. Returns the way to stop. */
  on<K extends SessionEvent['kind']>(kind: K, listener: (event: EventOf<K>) => void): () => void
  /** Puts `fetch` of this session in the place of the global one. Returns the way to undo it. */
  interceptFetch(options?: InterceptOptions): () => void
  /** Stops timers, listeners and interceptions of this object. The session itself stays. */
  close(): void
}

/** The event of a kind. */
export type EventOf<K extends SessionEvent['kind']> = Extract<SessionEvent, { readonly kind: K }>
