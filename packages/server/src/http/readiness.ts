/** Why a service is not ready. The words are stable: alarms may look for them. */
export const UNREADY_REASONS = ['stopping', 'store-unavailable', 'clock-skew'] as const

/** One of {@link UNREADY_REASONS}. */
export type UnreadyReason = (typeof UNREADY_REASONS)[number]

/** What readiness is judged by. */
export interface ReadinessOptions {
  /** Resolves if the store takes reads and writes. */
  readonly ping: () => Promise<void>
  /** Faults that are known without asking the store. */
  readonly knownFaults: () => readonly UnreadyReason[]
  /** A count of milliseconds that never goes back. */
  readonly elapsedMs: () => number
}

/** A store that does not answer a ping in this time is not ready, in milliseconds. */
const PING_TIMEOUT_MS = 2_000
/** The answer of a ping is good for so long, in milliseconds. */
const KEPT_MS = 1_000
/** A ping that never ends is given up after this long, in milliseconds. */
const GIVEN_UP_MS = 30_000

/**
 * Judges readiness: gives every reason against it, none when ready. However many ask, the store
 * gets one ping at a time and about one a second, since a ping writes and anybody may ask.
 */
export function readiness(options: ReadinessOptions): () => Promise<readonly UnreadyReason[]> {
  const { ping, knownFaults, elapsedMs } = options
  let last: { readonly answer: Promise<boolean> } | undefined
  /** When the ping that is under way began; a slow store keeps it for longer than its answer. */
  let underWaySinceMs: number | undefined
  let keptUntilMs = 0

  function ask(): Promise<boolean> {
    const nowMs = elapsedMs()
    const isUnderWay = underWaySinceMs !== undefined && nowMs - underWaySinceMs < GIVEN_UP_MS
    if (last !== undefined && (isUnderWay || nowMs < keptUntilMs)) return last.answer
    const own = { answer: within(ping, settled) }
    underWaySinceMs = nowMs
    last = own
    function settled(): void {
      if (last !== own) return
      underWaySinceMs = undefined
      keptUntilMs = elapsedMs() + KEPT_MS
    }
    return own.answer
  }

  return async () => {
    const faults = knownFaults()
    // A stopping service may have closed its store; nobody needs to know how that one is.
    if (faults.includes('stopping')) return faults
    return (await ask()) ? faults : [...faults, 'store-unavailable']
  }
}

/** Whether a ping succeeds in time; `settled` is called when it is over, in time or not. */
function within(ping: () => Promise<void>, settled: () => void): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), PING_TIMEOUT_MS)
  const end = (isGood: boolean): void => {
    clearTimeout(timer)
    resolve(isGood)
    settled()
  }
  ping().then(
    () => end(true),
    () => end(false),
  )
  return promise
}
