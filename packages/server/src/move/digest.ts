import { createHash } from 'node:crypto'
import { type EpochMs, type Session, type Store, sweepableAtMs } from '@pawl/core'
import { pagesOf } from './walk-all.ts'

/** Sessions are summed up in so many heaps, so that a difference can be found again. */
const HEAPS = 4096
const DIGEST_BYTES = 32

/** What a store holds of live sessions, whatever the order in which it gives them. */
export interface SessionSum {
  readonly count: number
  /** SHA-256 of all heaps, in hexadecimal digits. */
  readonly checksum: string
  /** By heap: the exclusive or of the digests of its sessions. */
  readonly heaps: readonly Buffer[]
}

/** The SHA-256 of an item's content, whatever the order of its members. */
export function digestOf(item: unknown): Buffer {
  const text = JSON.stringify(item, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
  return createHash('sha256').update(text).digest()
}

/** The heap of a session: by its key, so that it is the same in both stores. */
export function heapOf({ app, tenant, handle }: Session): number {
  return digestOf([app, tenant, handle]).readUInt16BE() % HEAPS
}

/** Whether a session still counts: neither revoked itself nor surely over. */
export function isMoveworthy(session: Session, nowMs: EpochMs): boolean {
  return session.revokedAtMs === null && nowMs < sweepableAtMs(session)
}

/** Sums up the live sessions of a store at a moment. */
export async function sumSessions(
  store: Store,
  nowMs: EpochMs,
  onCounted: (count: number) => void,
): Promise<SessionSum> {
  const heaps = Array.from({ length: HEAPS }, () => Buffer.alloc(DIGEST_BYTES))
  let count = 0
  for await (const { items } of pagesOf(store.walkSessions)) {
    for (const session of items) {
      if (!isMoveworthy(session, nowMs)) continue
      count += 1
      const heap = heaps[heapOf(session)]
      const digest = digestOf(session)
      for (let index = 0; heap !== undefined && index < DIGEST_BYTES; index += 1) {
        heap[index] = (heap[index] ?? 0) ^ (digest[index] ?? 0)
      }
    }
    onCounted(count)
  }
  const checksum = createHash('sha256').update(Buffer.concat(heaps)).digest('hex')
  return { count, checksum, heaps }
}

/** The heaps in which two stores differ. */
export function differingHeaps(a: SessionSum, b: SessionSum): ReadonlySet<number> {
  const differing = a.heaps.flatMap((heap, index) => {
    const other = b.heaps[index]
    return other !== undefined && heap.equals(other) ? [] : [index]
  })
  return new Set(differing)
}
