/** Storage that all tabs of the origin share; or the tab's own, where nothing is to be shared. */
export interface StoragePort {
  /** The text stored last, or null. Never throws. */
  read(): string | null
  /** Stores a text before it returns, as far as the platform allows. Never throws. */
  write(text: string): void
  /** Calls back when another tab has written. Returns the way to stop. */
  subscribe(listener: () => void): () => void
}

/** Mutual exclusion of the tabs. */
export interface LockPort {
  /**
   * Runs `body` while holding the lock; a tab that dies gives it back. Rejects if the signal says
   * that it took too long, or if there is no lock to be had. Without a signal it takes the lock
   * away from whoever holds it. `body` does nothing when it is called a second time.
   */
  hold(patience: AbortSignal | undefined, body: () => Promise<void>): Promise<unknown>
}

/** Messages between the tabs, faster than the storage's own. Carries no token. */
export interface ChannelPort {
  post(text: string): void
  subscribe(listener: (text: string) => void): () => void
}

/** Time of this device. */
export interface ClockPort {
  /** Milliseconds since the epoch. */
  nowMs(): number
  /** Calls back once, late rather than early; soon if it is due. Returns the way to cancel. */
  after(delayMs: number, callback: () => void): () => void
}

/** What the tab goes through. */
export interface LifePort {
  isVisible(): boolean
  /** Calls back when the tab is shown, hidden, thawed, or back on the network. */
  subscribe(listener: (event: { readonly online: boolean }) => void): () => void
}

/** All that the engine needs of its platform. */
export interface EnginePorts {
  /** The platform's own fetch, uninstrumented. */
  readonly fetch: (request: string | Request, init?: RequestInit) => Promise<Response>
  readonly storage: StoragePort
  readonly lock: LockPort
  readonly channel: ChannelPort
  readonly clock: ClockPort
  readonly life: LifePort
  /** At least 64 random bits as text of letters and digits. */
  readonly randomName: () => string
  /** 0 to 1; for jitter only. */
  readonly random: () => number
}
