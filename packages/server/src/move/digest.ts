import { hash } from 'node:crypto'
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
export function digestOf(item: object): Buffer {
  return hash('sha256', JSON.stringify(inOrder(item)), 'buffer')
}

/** An object as names and parts in a fixed order: in which one a store gives them is no matter. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(inOrder)
  const names = Object.keys(value).sort()
  const parts = value as { readonly [name: string]: unknown }
  return { names, parts: names.map((name) => inOrder(parts[name])) }
}

/** The heap of a session: by its key, so that it is the same in both stores. */
export function heapOf({ handle }: Session): number {
  let sum = 0
  for (let index = 0; index < handle.length; index += 1) {
    sum = (Math.imul(sum, 31) + handle.charCodeAt(index)) >>> 0
  }
  return sum % HEAPS
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
      addTo(heaps[heapOf(session)], digestOf(session))
    }
    onCounted(count)
  }
  const checksum = hash('sha256', Buffer.concat(heaps), 'hex')
  return { count, checksum, heaps }
}

function addTo(heap: Buffer | undefined, digest: Buffer): void {
  for (let index = 0; heap !== undefined && index < DIGEST_BYTES; index += 4) {
    heap.writeInt32LE(heap.readInt32LE(index) ^ digest.readInt32LE(index), index)
  }
}

/** The heaps in which two stores differ. */
export function differingHeaps(a: SessionSum, b: SessionSum): ReadonlySet<number> {
  const differing = a.heaps.flatMap((heap, index) => {
    const other = b.heaps[index]
    return other !== undefined && heap.equals(other) ? [] : [index]
  })
  return new Set(differing)
}
