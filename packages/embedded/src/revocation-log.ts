import {
  type Clock,
  type EpochMs,
  PAGE_LIMIT_MAX,
  type RevocationEntry,
  type RevocationPage,
  type SessionStore,
} from '@pawl/core'

/** Pages of one look; what is left is read by the next, at once. */
const PAGES_PER_LOOK_MAX = 20
/** Stretches of the log that are kept for followers who are almost up to date. */
const STRETCHES_MAX = 64
/** What was read longer ago is not handed out as news, in milliseconds. */
const MEMORY_MS = 1_000

/** A stretch of the log from a cursor on. */
export interface Stretch {
  readonly entries: readonly RevocationEntry[]
  readonly cursor: string
  /** Whether this was the end of the log as of `asOfMs`. */
  readonly isEnd: boolean
  /** When the log was looked at, by the core's clock. */
  readonly asOfMs: EpochMs
}

/** The end of a store's revocation log, as this process last saw it. */
export interface RevocationLog {
  /** Reads what is new; whether that was all. Rejects if the store cannot be read. */
  look(): Promise<{ readonly isEnd: boolean }>
  /** The log after a cursor: from memory for whoever is almost up to date, else from the store. */
  readAfter(cursor: string | null, limit: number): Promise<Stretch>
  /** Forgets what was seen: the next look begins at the end of the log. */
  forget(): void
}

/** The log of a store, with the last stretches in memory. */
export function revocationLog(
  store: Pick<SessionStore, 'revocationsAfter' | 'revocationsEnd'>,
  clock: Clock,
): RevocationLog {
  const stretches = new Map<string, RevocationPage>()
  let position: string | undefined
  let asOfMs = 0 as EpochMs
  let lookedAtMs = Number.NEGATIVE_INFINITY

  function remember(from: string, page: RevocationPage): void {
    stretches.delete(from)
    stretches.set(from, page)
    for (const oldest of stretches.keys()) {
      if (stretches.size <= STRETCHES_MAX) break
      stretches.delete(oldest)
    }
  }

  /** A store that does not answer must not be vouched for with what it said before. */
  function recall(cursor: string, limit: number): Stretch | undefined {
    if (performance.now() - lookedAtMs > MEMORY_MS) return undefined
    if (cursor === position) return { entries: [], cursor, isEnd: true, asOfMs }
    const known = stretches.get(cursor)
    if (known === undefined || known.entries.length > limit) return undefined
    return { ...known, isEnd: known.cursor === position, asOfMs }
  }

  return {
    async look() {
      const nowMs = clock.nowMs()
      const startedAtMs = performance.now()
      lookedAtMs = Number.NEGATIVE_INFINITY
      let from = position ?? (await store.revocationsEnd())
      let isEnd = false
      for (let pages = 0; pages < PAGES_PER_LOOK_MAX && !isEnd; pages += 1) {
        const page = await store.revocationsAfter(from, PAGE_LIMIT_MAX)
        if (page.cursor !== from) remember(from, page)
        from = page.cursor
        isEnd = page.entries.length < PAGE_LIMIT_MAX
      }
      position = from
      asOfMs = nowMs
      lookedAtMs = startedAtMs
      return { isEnd }
    },
    async readAfter(cursor, limit) {
      const known = cursor === null ? undefined : recall(cursor, limit)
      if (known !== undefined) return known
      const nowMs = clock.nowMs()
      const page = await store.revocationsAfter(cursor, limit)
      return { ...page, isEnd: page.entries.length < limit, asOfMs: nowMs }
    },
    forget() {
      position = undefined
      lookedAtMs = Number.NEGATIVE_INFINITY
      stretches.clear()
    },
  }
}
