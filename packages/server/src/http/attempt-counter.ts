/** Counts attempts per key in windows of time. */
export interface AttemptCounter {
  /** Counts one attempt; the seconds to wait if it is one too many, else 0. */
  readonly add: (key: string) => number
  /** The seconds to wait before a further attempt would be admitted; 0 if it would be now. */
  readonly wait: (key: string) => number
  /** False while no key at all would have to wait: then nobody need ask for one. */
  readonly isAnyWaiting: () => boolean
}

/** Bounds of a counter. */
export interface AttemptLimits {
  /** Attempts that a window admits; 0 admits any number and counts nothing. */
  readonly max: number
  readonly windowMs: number
  /** Keys that are remembered; beyond that the one not seen for longest is forgotten. */
  readonly keysMax: number
  /** A count of milliseconds that never goes back. */
  readonly elapsedMs: () => number
}

interface Window {
  readonly endsAtMs: number
  count: number
}

/**
 * A counter in bounded memory: whoever tries under ever new keys makes it forget, never grow. A
 * remembered key costs about 200 bytes.
 */
export function attemptCounter(limits: AttemptLimits): AttemptCounter {
  const { max, windowMs, keysMax, elapsedMs } = limits
  const windows = new Map<string, Window>()
  /** When the last of the windows that are full ends. */
  let fullUntilMs = Number.NEGATIVE_INFINITY

  function present(key: string): Window | undefined {
    const window = windows.get(key)
    return window !== undefined && elapsedMs() < window.endsAtMs ? window : undefined
  }

  function secondsLeft(window: Window): number {
    return Math.max(1, Math.ceil((window.endsAtMs - elapsedMs()) / 1000))
  }

  return {
    add(key) {
      if (max === 0) return 0
      const window = present(key) ?? { endsAtMs: elapsedMs() + windowMs, count: 0 }
      window.count += 1
      // Set anew, so that the first key of the map is the one not seen for longest.
      windows.delete(key)
      windows.set(key, window)
      if (windows.size > keysMax) {
        const [oldest] = windows.keys()
        if (oldest !== undefined) windows.delete(oldest)
      }
      if (window.count >= max) fullUntilMs = Math.max(fullUntilMs, window.endsAtMs)
      return window.count > max ? secondsLeft(window) : 0
    },
    wait(key) {
      const window = present(key)
      return window !== undefined && window.count >= max ? secondsLeft(window) : 0
    },
    isAnyWaiting: () => elapsedMs() < fullUntilMs,
  }
}
