import { REVOCATION_FEED } from '@pawl/protocol'

/** Time that one set covers, in ms: three sets cover what must be kept. */
const BUCKET_MS = REVOCATION_FEED.keptMs / 2

/** Handles of sessions that ended, by time. */
export interface EndedHandles {
  readonly size: number
  has(handle: string): boolean
  /** Adds a handle that is not there. */
  add(handle: string, atMs: number): void
  /** Forgets sets of which every entry is older. */
  forgetBefore(sinceMs: number): void
}

/** Handles in sets by time, which are dropped whole: no timer and no record per entry. */
export function makeEndedHandles(): EndedHandles {
  const buckets = new Map<number, Set<string>>()
  let size = 0
  return {
    get size() {
      return size
    },
    has(handle) {
      for (const bucket of buckets.values()) if (bucket.has(handle)) return true
      return false
    },
    add(handle, atMs) {
      const start = Math.floor(atMs / BUCKET_MS)
      let bucket = buckets.get(start)
      if (bucket === undefined) {
        bucket = new Set()
        buckets.set(start, bucket)
      }
      bucket.add(handle)
      size += 1
    },
    forgetBefore(sinceMs) {
      for (const [start, bucket] of buckets) {
        if ((start + 1) * BUCKET_MS > sinceMs) continue
        buckets.delete(start)
        size -= bucket.size
      }
    },
  }
}
