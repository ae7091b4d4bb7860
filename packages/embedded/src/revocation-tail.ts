import {
  type Clock,
  type EpochMs,
  PAGE_LIMIT_MAX,
  type RevocationEntry,
  type RevocationPage,
  type SessionStore,
} from '@pawl/core'

/** Time between two looks at the log while somebody follows it, in milliseconds. */
export const TAIL_EVERY_MS = 200
/** Pages of one look; what is left is read by the next, at once. */
const PAGES_PER_LOOK_MAX = 20
/** Stretches of the log that are kept for followers who are almost up to date. */
const STRETCHES_MAX = 64

/** What was read longer ago is not handed out as news, in milliseconds. */
const MEMORY_MS = 1_000

/** Runs a task later; gives back how to call it off. */
export type Schedule = (task: () => void, delayMs: number) => () => void

/** A stretch of the log from a cursor on. */
export interface Stretch {
  readonly entries: readonly RevocationEntry[]
  readonly cursor: string
  /** Whether this was the end of the log as of `asOfMs`. */
  readonly isEnd: boolean
  /** When the log was looked at, by the core's clock. */
  readonly asOfMs: EpochMs
}

/** The end of a store's revocation log, watched by one reader however many follow it. */
export interface RevocationTail {
  /** How often the log was looked at with success. */
  readonly looks: number
  /** Starts looking, if nobody else follows; pair each with one `leave`. */
  join(): void
  leave(): void
  /** The log after a cursor: from memory for whoever is almost up to date, else from the store. */
  readAfter(cursor: string | null, limit: number): Promise<Stretch>
  /** Resolves after the next look, whatever came of it, or when the signal or the tail ends. */
  nextLook(signal: AbortSignal): Promise<void>
  /** Looks at once: this process has just written to the log. */
  nudge(): void
  /** Looks no more and wakes everybody. */
  close(): void
}

/** What a tail stands on. */
export interface TailOptions {
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
  const { store, clock, schedule = runLater, onTrouble } = options
  const waiting = new Set<() => void>()
  let stretches = new Map<string, RevocationPage>()
  let position: string | undefined
  let asOfMs = 0 as EpochMs
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let followers = 0
  let looks = 0
  let isClosed = false
  let isLooking = false
  let isNudged = false
  let isFailing = false
  let isSoon = false
  let callOff: (() => void) | undefined

  async function look(): Promise<void> {
    const nowMs = clock.nowMs()
    const startedAtMs = performance.now()
    position ??= await store.revocationsEnd()
    let from = position
    for (let pages = 0; pages < PAGES_PER_LOOK_MAX; pages += 1) {
      const page = await store.revocationsAfter(from, PAGE_LIMIT_MAX)
      if (page.cursor !== from) remember(from, page)
      from = page.cursor
      if (page.entries.length < PAGE_LIMIT_MAX) break
      isNudged ||= pages === PAGES_PER_LOOK_MAX - 1
    }
    position = from
    asOfMs = nowMs
    lookedAtMs = startedAtMs
    looks += 1
  }

  function remember(from: string, page: RevocationPage): void {
    stretches.delete(from)
    stretches.set(from, page)
    for (const oldest of stretches.keys()) {
      if (stretches.size <= STRETCHES_MAX) break
      stretches.delete(oldest)
    }
  }

  async function lookOnce(): Promise<void> {
    isLooking = true
    isNudged = false
    try {
      await look()
      isFailing = false
    } catch (error) {
      if (!isFailing && !isClosed) onTrouble(error)
      isFailing = true
    }
    isLooking = false
    wakeAll()
    if (followers > 0 && !isClosed) lookAfter(isNudged ? 0 : TAIL_EVERY_MS)
  }

  function lookAfter(delayMs: number): void {
    if (callOff !== undefined && isSoon) return
    callOff?.()
    isSoon = delayMs === 0
    callOff = schedule(() => {
      callOff = undefined
      void lookOnce()
    }, delayMs)
  }

  /** A store that does not answer must not be vouched for with what it said before. */
  function isMemoryFresh(): boolean {
    return !isFailing && performance.now() - lookedAtMs <= MEMORY_MS
  }

  function wakeAll(): void {
    for (const wake of [...waiting]) wake()
  }

  return {
    get looks() {
      return looks
    },
    join() {
      followers += 1
      if (followers > 1) return
      position = undefined
      stretches = new Map()
      if (!isLooking && !isClosed) lookAfter(0)
    },
    leave() {
      followers -= 1
      if (followers > 0) return
      callOff?.()
      callOff = undefined
    },
    async readAfter(cursor, limit) {
      if (cursor !== null && isMemoryFresh()) {
        if (cursor === position) return { entries: [], cursor, isEnd: true, asOfMs }
        const known = stretches.get(cursor)
        if (known !== undefined && known.entries.length <= limit) {
          return { ...known, isEnd: known.cursor === position, asOfMs }
        }
      }
      const nowMs = clock.nowMs()
      const page = await store.revocationsAfter(cursor, limit)
      return { ...page, isEnd: page.entries.length < limit, asOfMs: nowMs }
    },
    nextLook(signal) {
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
    nudge() {
      isNudged = true
      if (followers > 0 && !isLooking && !isClosed) lookAfter(0)
    },
    close() {
      isClosed = true
      callOff?.()
      wakeAll()
    },
  }
}

function runLater(task: () => void, delayMs: number): () => void {
  const timer = setTimeout(task, delayMs).unref()
  return () => clearTimeout(timer)
}
