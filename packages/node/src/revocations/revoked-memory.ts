import { REVOCATION_FEED, type RevocationNotice, type VerifiedSession } from '@pawl/protocol'
import { type CutOff, makeCutOffs, type Standing, UNDER_WAY_MS, widenCutOff } from './cut-offs.ts'
import { makeEndedHandles } from './ended-handles.ts'
import type { EndNotice } from './tell-ends.ts'

const NO_NEWS: readonly EndNotice[] = []

/** What was revoked within one life of an access token, held in memory. */
export interface RevokedMemory {
  /** Grows with every change: what was judged by this number need not be judged again. */
  readonly generation: number
  /** Entries held. */
  readonly size: number
  /**
   * Takes in a page of the feed; `nowMs` is this driver's clock. Gives back what was not known of
   * single sessions.
   */
  take(notices: readonly RevocationNotice[], nowMs: number): readonly EndNotice[]
  /** Whether this session itself is known to have ended; not for one that a cut-off covers. */
  knows(handle: string): boolean
  /**
   * Judges a session by its handle, user, tenant and the minting time of its refresh token.
   * `clearedBy` is the generation as of which the core said that it lives; -1 if it never did.
   */
  judge(session: VerifiedSession, mintedAtMs: number, clearedBy: number): Standing
}

/**
 * A memory of at most `limit` entries. Beyond the limit nothing is forgotten early; instead,
 * sessions that an entry left out may be about are `unsure`.
 */
export function makeRevokedMemory(limit: number): RevokedMemory {
  const handles = makeEndedHandles()
  const cutOffs = makeCutOffs()
  let leftOut: CutOff | undefined
  let generation = 0

  const sizeNow = (): number => handles.size + cutOffs.size

  /** False if it was left out. */
  function takeOne(notice: RevocationNotice, news: EndNotice[]): boolean {
    const mayGrow = sizeNow() < limit
    if (notice.kind === 'cut-off') return cutOffs.take(notice, generation, mayGrow)
    if (handles.has(notice.handle)) return true
    if (mayGrow) handles.add(notice.handle, notice.atMs)
    news.push(notice)
    return mayGrow
  }

  function forgetBefore(sinceMs: number): void {
    handles.forgetBefore(sinceMs)
    cutOffs.forgetBefore(sinceMs)
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
      const sinceMs = nowMs - REVOCATION_FEED.keptMs
      forgetBefore(sinceMs)
      if (notices.length === 0) return NO_NEWS
      const news: EndNotice[] = []
      generation += 1
      for (const notice of notices) {
        const { atMs } = notice
        if (atMs < sinceMs || takeOne(notice, news)) continue
        leftOut = widenCutOff(leftOut, { beforeMs: Number.NEGATIVE_INFINITY, atMs, generation })
      }
      return news
    },
    knows: (handle) => handles.has(handle),
    judge(session, mintedAtMs, clearedBy) {
      if (handles.size > 0 && handles.has(session.handle)) return 'ended'
      const standing = cutOffs.judge(session, mintedAtMs, clearedBy)
      if (leftOut === undefined || standing === 'ended') return standing
      const isLeftOut = clearedBy < leftOut.generation && mintedAtMs <= leftOut.atMs + UNDER_WAY_MS
      return isLeftOut ? 'unsure' : standing
    },
  }
}
