import type { CoreCalls, NowMs, ReportFault, Schedule } from '../ports.ts'
import type { RevokedMemory } from './revoked-memory.ts'
import type { EndNotice } from './tell-ends.ts'

/** First and longest wait before the feed is followed again, in ms. */
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 1_000

/** Keeps a memory up to date with the core's feed. */
export interface FeedFollower {
  /** When the feed was last known to be complete, by the core's time; -Infinity at first. */
  readonly headAtMs: number
  /** Begins to follow; later calls do nothing. */
  start(): void
  /** Starts; resolves once the feed was taken in to its end, or the first try has failed. */
  firstTry(): Promise<void>
  /** Follows no more; resolves when the connection is let go. */
  close(): Promise<void>
}

/** What a follower stands on. */
export interface FeedFollowerDeps {
  readonly core: Pick<CoreCalls, 'followRevocations'>
  readonly memory: RevokedMemory
  /** The core's time. */
  readonly nowMs: NowMs
  /** Told with each page what time it is at the core. */
  readonly hear: (coreMs: number) => void
  readonly schedule: Schedule
  readonly reportFault: ReportFault
  /**
   * Told which sessions have ended, at once and once each; not of those that had before the feed
   * was first complete.
   */
  readonly onEnds?: (ends: readonly EndNotice[]) => void
}

/**
 * Follows the feed from where it was left, for ever: what breaks off is taken up again after a
 * short wait. Nothing is waited for by a request.
 */
export function makeFeedFollower(deps: FeedFollowerDeps): FeedFollower {
  const { core, memory, nowMs } = deps
  const closing = new AbortController()
  const { signal } = closing
  const tried = Promise.withResolvers<void>()
  let headAtMs = Number.NEGATIVE_INFINITY
  let cursor: string | null = null
  let failures = 0
  let running: Promise<void> | undefined

  async function followOnce(): Promise<void> {
    for await (const page of core.followRevocations({ after: cursor, signal })) {
      deps.hear(page.asOfMs)
      const news = memory.take(page.entries, nowMs())
      if (news.length > 0 && headAtMs !== Number.NEGATIVE_INFINITY) deps.onEnds?.(news)
      cursor = page.cursor
      failures = 0
      if (!page.isEnd) continue
      headAtMs = nowMs()
      tried.resolve()
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await followOnce()
      } catch (cause) {
        const message = 'the feed of revocations broke off'
        if (failures === 0 && !signal.aborted) deps.reportFault({ where: 'feed', message, cause })
      }
      tried.resolve()
      if (signal.aborted) return
      const waitMs = Math.min(RETRY_MIN_MS * 2 ** failures, RETRY_MAX_MS)
      failures = Math.min(failures + 1, 10)
      await pause(waitMs * (0.5 + Math.random() / 2), deps.schedule, signal)
    }
  }

  function start(): void {
    if (!signal.aborted) running ??= run()
  }

  return {
    get headAtMs() {
      return headAtMs
    },
    start,
    firstTry: () => {
      start()
      return tried.promise
    },
    close: async () => {
      closing.abort()
      tried.resolve()
      await running
    },
  }
}

/** Resolves after a while, or when the signal ends. */
function pause(waitMs: number, schedule: Schedule, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      callOff()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const callOff = schedule(end, waitMs)
    signal.addEventListener('abort', end, { once: true })
  })
}
