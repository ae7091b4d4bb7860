import { REVOCATION_FEED, type RevocationNotice, type VerifiedSession } from '@pawl/protocol'

/** What the feed says of a session: `unsure` means that only the core knows. */
export type Standing = 'live' | 'ended' | 'unsure'

/** What was revoked within one life of an access token, held in memory. */
export interface RevokedMemory {
  /** Grows with every change: what was judged by this number need not be judged again. */
  readonly generation: number
  /** Entries held. */
  readonly size: number
  /** Takes in a page of the feed; `nowMs` is this driver's clock. */
  take(notices: readonly RevocationNotice[], nowMs: number): void
  /**
   * Judges a session by its handle, user, tenant and the minting time of its refresh token.
   * `clearedBy` is the generation as of which the core said that it lives; -1 if it never did.
   */
  judge(session: VerifiedSession, mintedAtMs: number, clearedBy: number): Standing
}

/** Time that one set of handles covers, in ms: three sets cover what must be kept. */
const BUCKET_MS = REVOCATION_FEED.keptMs / 2
/**
 * A refresh that was under way when a cut-off was set may still bear a later time: clocks of cores
 * differ, and a refresh waits at most half a race window. In ms.
 */
const UNDER_WAY_MS = 120_000

/** Everything of a scope that was created at or before `beforeMs`, ended at `atMs`. */
interface CutOff {
  readonly beforeMs: number
  readonly atMs: number
  /** The generation that it came with. */
  readonly generation: number
}

/**
 * A memory of at most `limit` entries. Handles lie in sets by time, which are dropped whole: no
 * timer and no record per entry. Beyond the limit nothing is forgotten early; instead, sessions
 * that an entry left out may be about are `unsure`.
 */
export function makeRevokedMemory(limit: number): RevokedMemory {
  const buckets = new Map<number, Set<string>>()
  const users = new Map<string, CutOff>()
  const tenants = new Map<string, CutOff>()
  let leftOut: CutOff | undefined
  let generation = 0
  let handles = 0

  const sizeNow = (): number => handles + users.size + tenants.size

  function hasHandle(handle: string): boolean {
    for (const bucket of buckets.values()) if (bucket.has(handle)) return true
    return false
  }

  function leaveOut(atMs: number): void {
    leftOut = widen(leftOut, { beforeMs: Number.NEGATIVE_INFINITY, atMs, generation })
  }

  function takeHandle(handle: string, atMs: number): void {
    if (hasHandle(handle)) return
    if (sizeNow() >= limit) {
      leaveOut(atMs)
      return
    }
    const start = Math.floor(atMs / BUCKET_MS)
    let bucket = buckets.get(start)
    if (bucket === undefined) {
      bucket = new Set()
      buckets.set(start, bucket)
    }
    bucket.add(handle)
    handles += 1
  }

  function takeCutOff(notice: Extract<RevocationNotice, { kind: 'cut-off' }>): void {
    const { tenant, userId, beforeMs, atMs } = notice
    const scope = userId === null ? tenants : users
    const key = userId === null ? tenant : userKey(tenant, userId)
    const known = scope.get(key)
    if (known !== undefined && beforeMs <= known.beforeMs && atMs <= known.atMs) return
    if (known === undefined && sizeNow() >= limit) {
      leaveOut(atMs)
      return
    }
    // Put at the end: the order of the map is the order of age.
    scope.delete(key)
    scope.set(key, widen(known, { beforeMs, atMs, generation }))
  }

  function forgetOld(nowMs: number): void {
    const sinceMs = nowMs - REVOCATION_FEED.keptMs
    for (const [start, bucket] of buckets) {
      if ((start + 1) * BUCKET_MS > sinceMs) continue
      buckets.delete(start)
      handles -= bucket.size
    }
    for (const scope of [users, tenants]) {
      for (const [key, cutOff] of scope) {
        if (cutOff.atMs >= sinceMs) break
        scope.delete(key)
      }
    }
    if (leftOut !== undefined && leftOut.atMs < sinceMs) leftOut = undefined
  }

  return {
    get generation() {
      return generation
    },
    get size() {
      return sizeNow()
    },
    take(notices, nowMs) {
      forgetOld(nowMs)
      if (notices.length === 0) return
      generation += 1
      for (const notice of notices) {
        if (notice.atMs < nowMs - REVOCATION_FEED.keptMs) continue
        if (notice.kind === 'session') takeHandle(notice.handle, notice.atMs)
        else takeCutOff(notice)
      }
    },
    judge(session, mintedAtMs, clearedBy) {
      if (handles > 0 && hasHandle(session.handle)) return 'ended'
      const { tenant, userId, lineage } = session
      const about = { mintedAtMs, isFirst: lineage.generation === 0, clearedBy }
      let standing: Standing = 'live'
      for (const cutOff of [
        tenants.size > 0 ? tenants.get(tenant) : undefined,
        users.size > 0 ? users.get(userKey(tenant, userId)) : undefined,
      ]) {
        const own = cutOff === undefined ? 'live' : judgeCutOff(cutOff, about)
        if (own === 'ended') return own
        if (own === 'unsure') standing = own
      }
      if (leftOut === undefined || clearedBy >= leftOut.generation) return standing
      return mintedAtMs <= leftOut.atMs + UNDER_WAY_MS ? 'unsure' : standing
    },
  }
}

/**
 * A refresh token minted before the cut-off proves that its session was created before it. The
 * first one is as old as its session, so that it says it all; and a refresh after the cut-off was
 * set would have been refused. In between only the core knows when the session began.
 */
function judgeCutOff(
  cutOff: CutOff,
  about: {
    readonly mintedAtMs: number
    readonly isFirst: boolean
    readonly clearedBy: number
  },
): Standing {
  if (about.mintedAtMs <= cutOff.beforeMs) return 'ended'
  if (about.isFirst || about.mintedAtMs > cutOff.atMs + UNDER_WAY_MS) return 'live'
  return about.clearedBy >= cutOff.generation ? 'live' : 'unsure'
}

/** Two cut-offs of one scope as one that covers both: it may be unsure where each was sure. */
function widen(known: CutOff | undefined, next: CutOff): CutOff {
  if (known === undefined) return next
  return {
    beforeMs: Math.max(known.beforeMs, next.beforeMs),
    atMs: Math.max(known.atMs, next.atMs),
    generation: next.generation,
  }
}

/** Names of tenants hold no line break. */
function userKey(tenant: string, userId: string): string {
  return `${tenant}\n${userId}`
}
