import type { Clock, SessionStore } from '@pawl/core'
import { failureRow } from './failure-row.ts'
import { type RevocationLog, revocationLog } from './revocation-log.ts'

/** Time between two looks at the log while somebody follows it, in milliseconds. */
const TAIL_EVERY_MS = 200

/** Runs a task later; gives back how to call it off. */
type Schedule = (task: () => void, delayMs: number) => () => void

/** A store's revocation log, watched by one reader however many follow it. */
export interface RevocationTail extends Pick<RevocationLog, 'readAfter'> {
  /** How often the log was looked at with success. */
  readonly looks: number
  /** Starts looking, if nobody else follows; pair each with one `leave`. */
  join(): void
  leave(): void
  /** Resolves after the next look, whatever came of it, or when the signal or the tail ends. */
  nextLook(signal: AbortSignal): Promise<void>
  /** Looks at once: this process has just written to the log. */
  nudge(): void
  /** Looks no more and wakes everybody. */
  close(): void
}

/** What a tail stands on. */
interface TailOptions {
  readonly store: Pick<SessionStore, 'revocationsAfter' | 'revocationsEnd'>
  readonly clock: Clock
  /** Default: an unreferenced timer. */
  readonly schedule?: Schedule
  /** Told when looking fails after it went well: once per outage. */
  readonly onTrouble: (error: unknown) => void
}

/**
 * Watches the log: every {@link TAIL_EVERY_MS} while somebody follows, at once after a revocation
 * of this process, never otherwise. What it read last stays in memory, so that a revocation costs
 * the store one read per core and not one per follower.
 */
export function revocationTail(options: TailOptions): RevocationTail {
  const log = revocationLog(options.store, options.clock)
  const waiting = waitingRoom()
  let followers = 0
  let looks = 0
  let isClosed = false
  const failures = failureRow((error) => {
    if (!isClosed) options.onTrouble(error)
  })
  const looker = makeLooker(options.schedule ?? runLater, async () => {
    try {
      const { isEnd } = await log.look()
      looks += 1
      failures.end()
      return isEnd
    } catch (error) {
      failures.note(error)
      return true
    } finally {
      waiting.wakeAll()
    }
  })
  return {
    get looks() {
      return looks
    },
    join() {
      followers += 1
      if (followers > 1) return
      log.forget()
      looker.start()
    },
    leave() {
      followers -= 1
      if (followers === 0) looker.stop()
    },
    readAfter: log.readAfter,
    nextLook: waiting.wait,
    nudge: looker.nudge,
    close() {
      isClosed = true
      looker.stop()
      waiting.close()
    },
  }
}

/** Looks again and again between `start` and `stop`, one at a time; `look` says if all was read. */
function makeLooker(schedule: Schedule, look: () => Promise<boolean>) {
  let isRunning = false
  let isLooking = false
  let isNudged = false
  let isSoon = false
  let callOff: (() => void) | undefined

  async function lookOnce(): Promise<void> {
    callOff = undefined
    isLooking = true
    isNudged = false
    const isEnd = await look()
    isLooking = false
    if (isRunning) lookAfter(isNudged || !isEnd ? 0 : TAIL_EVERY_MS)
  }

  function lookAfter(delayMs: number): void {
    if (callOff !== undefined && isSoon) return
    callOff?.()
    isSoon = delayMs === 0
    callOff = schedule(() => void lookOnce(), delayMs)
  }

  function nudge(): void {
    isNudged = true
    if (isRunning && !isLooking) lookAfter(0)
  }

  return {
    nudge,
    start: () => {
      isRunning = true
      nudge()
    },
    stop: () => {
      isRunning = false
      callOff?.()
      callOff = undefined
    },
  }
}

/** Those who wait for the next look. */
function waitingRoom() {
  const waiting = new Set<() => void>()
  let isClosed = false
  const wakeAll = (): void => {
    for (const wake of [...waiting]) wake()
  }
  return {
    wakeAll,
    wait(signal: AbortSignal): Promise<void> {
      if (isClosed || signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        waiting.add(wake)
        signal.addEventListener('abort', wake, { once: true })
      })
    },
    close(): void {
      isClosed = true
      wakeAll()
    },
  }
}

function runLater(task: () => void, delayMs: number): () => void {
  const timer = setTimeout(task, delayMs).unref()
  return () => clearTimeout(timer)
}
