import { setTimeout as delay } from 'node:timers/promises'
import { isStoreError, type Later } from '@pawl/core'

/** The pause before each attempt, in milliseconds. */
const PAUSES_MS = [500, 2_000, 10_000, 60_000] as const
/** Works that may be open at a time; more are reported at once, and not done. */
const OPEN_MAX = 1_000

/** Waits so many milliseconds; rejects when the signal says so. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<unknown>

/** What is done later, and how that ends. */
export interface LaterQueue {
  readonly later: Later
  /** Drops what waits for its next attempt; resolves when none is under way. */
  close(): Promise<void>
}

const pauseOf: Pause = (ms, signal) => delay(ms, undefined, { signal, ref: false })

/** Does work in the background, as often as there are pauses while the store is in trouble. */
export function laterQueue(
  onTrouble: (error: unknown) => void,
  pause: Pause = pauseOf,
): LaterQueue {
  const closing = new AbortController()
  const open = new Set<Promise<void>>()

  async function attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    let trouble: unknown
    for (const pauseMs of PAUSES_MS) {
      try {
        await pause(pauseMs, closing.signal)
      } catch {
        // Closed: whatever is open stays so.
        return
      }
      try {
        await work()
        return
      } catch (error) {
        trouble = error
        if (!isStoreError(error)) break
      }
    }
    onTrouble(new Error(`given up: ${what}`, { cause: trouble }))
  }

  return {
    later(what, work) {
      if (closing.signal.aborted) return
      if (open.size >= OPEN_MAX) {
        onTrouble(new Error(`given up, since too much is open: ${what}`))
        return
      }
      const done = attempt(what, work).finally(() => open.delete(done))
      open.add(done)
    },
    async close() {
      closing.abort()
      await Promise.all(open)
    },
  }
}
