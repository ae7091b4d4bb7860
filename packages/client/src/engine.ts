import type { Answer, WantResult } from './engine-state.ts'
import type { SessionEvent, SessionState, Trouble } from './session-state.ts'
import type { EngineSettings } from './settings.ts'

/** Options of an engine. */
export interface EngineOptions extends EngineSettings {
  /** Where the driver's own routes are: `https://api.example.com/auth/session`. */
  readonly base: string
}

/** What a call goes out with. */
export interface CallCredentials {
  readonly handle: string | undefined
  readonly grant: string | undefined
  /** The headers that belong to it; with the access token in header transport. */
  readonly headers: { readonly [name: string]: string }
}

/** The running engine of one tab. */
export interface Engine {
  readonly settings: EngineSettings
  /** The state now; the same object until it changes. */
  get(): SessionState
  /** What keeps the session from being refreshed for now, if something does. */
  trouble(): Trouble | undefined
  /** Waits until a call may go out, and says with what. Never rejects. */
  prepareCall(): Promise<CallCredentials>
  /** Takes note of a response of the API to an ordinary call. */
  observe(answer: Answer): void
  /** A call was refused and a refresh is needed. */
  recoverCall(code: string, grant: string | undefined): Promise<WantResult>
  /** Refreshes now; forced refreshes queue. */
  refresh(): Promise<WantResult>
  /** Waits until the state is known, or cannot be for now. */
  settle(): Promise<WantResult>
  /** Ends the session: here at once. `done`: the API knows; `trouble`: it will be told later. */
  signOut(): Promise<WantResult>
  /** Calls back with every event. Returns the way to stop. */
  subscribe(listener: (event: SessionEvent) => void): () => void
  /**
   * Stops timers and listeners. What waits is settled with `trouble`; a refresh that is under way
   * keeps the lock until its answer has been written down.
   */
  close(): void
  /** The engine's clock, ms since the epoch. */
  nowMs(): number
}
