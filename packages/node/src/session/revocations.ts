import type { VerifiedSession } from '@pawl/protocol'

/**
 * What is known here of sessions that ended before their access tokens did. Asked on every
 * verification, so it must answer at once.
 */
export interface Revocations {
  /** Grows with every change: a token checked against this number need not be checked again. */
  readonly generation: number
  isRevoked(session: VerifiedSession): boolean
}

/** Sessions that this very driver saw end. */
export interface LocalRevocations extends Revocations {
  add(handles: readonly string[], nowMs: number): void
  has(handle: string): boolean
}

/** How long an ended session is remembered, in ms: longer than any access token lives. */
const MEMORY_MS = 2 * 3_600_000

/**
 * Remembers the handles of sessions that ended through this driver, so that their access tokens
 * are refused here at once. Bounded in time and number; the oldest are forgotten first.
 */
export function makeLocalRevocations(limit: number): LocalRevocations {
  const ended = new Map<string, number>()
  let generation = 0
  return {
    get generation() {
      return generation
    },
    isRevoked: (session) => ended.size > 0 && ended.has(session.handle),
    has: (handle) => ended.has(handle),
    add: (handles, nowMs) => {
      if (handles.length === 0) return
      for (const handle of handles) {
        ended.delete(handle)
        ended.set(handle, nowMs + MEMORY_MS)
      }
      for (const [handle, untilMs] of ended) {
        if (untilMs > nowMs && ended.size <= limit) break
        ended.delete(handle)
      }
      generation += 1
    },
  }
}

/** Both: what this driver saw end, and what is known elsewhere. */
export function eitherRevocations(local: Revocations, elsewhere: Revocations): Revocations {
  return {
    get generation() {
      return local.generation + elsewhere.generation
    },
    isRevoked: (session) => local.isRevoked(session) || elsewhere.isRevoked(session),
  }
}
