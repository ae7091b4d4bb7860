import type { EpochMs } from '@pawl/core'
import { isMoved, type MoveEnds, type MoveProgress } from './copy-content.ts'
import { differingHeaps, digestOf, heapOf, isMoveworthy, sumSessions } from './digest.ts'
import { pagesOf, type Walk } from './walk-all.ts'

/** What a comparison of both stores found. */
export interface Comparison {
  readonly isEqual: boolean
  /** Live sessions of the source, and the checksum of their content. */
  readonly sessions: number
  readonly checksum: string
  readonly targetSessions: number
  /** Heaps of sessions that differ: about as many as sessions that do, while those are few. */
  readonly heaps: ReadonlySet<number>
  readonly cutOffsMissing: number
  readonly recordsDiffering: number
}

/**
 * Compares what counts: live sessions by number and checksum of everything in them, records one by
 * one, and that no cut-off is missing. (A target may have more cut-offs: the source deletes those
 * that have done their work.)
 */
export async function compareStores(
  ends: MoveEnds,
  nowMs: EpochMs,
  onProgress: MoveProgress,
): Promise<Comparison> {
  const { source, target } = ends
  const [ours, theirs] = await Promise.all([
    sumSessions(source, nowMs, (count) => onProgress('sessions verified', count, null)),
    sumSessions(target, nowMs, () => {}),
  ])
  const heaps = differingHeaps(ours, theirs)
  const cutOffsMissing = await countMissing(source.walkCutOffs, target.walkCutOffs)
  const movedOf =
    (store: MoveEnds['source']): Walk<object> =>
    async (after, limit) => {
      const page = await store.walkRecords(after, limit)
      return { ...page, items: page.items.filter(isMoved) }
    }
  const recordsDiffering =
    (await countMissing(movedOf(source), movedOf(target))) +
    (await countMissing(movedOf(target), movedOf(source)))
  return {
    isEqual: heaps.size === 0 && cutOffsMissing === 0 && recordsDiffering === 0,
    sessions: ours.count,
    checksum: ours.checksum,
    targetSessions: theirs.count,
    ...{ heaps, cutOffsMissing, recordsDiffering },
  }
}

/** How many items of one walk the other does not come by. */
async function countMissing(walk: Walk<object>, other: Walk<object>): Promise<number> {
  const known = new Set<string>()
  for await (const { items } of pagesOf(other)) {
    for (const item of items) known.add(digestOf(item).toString('latin1'))
  }
  let missing = 0
  for await (const { items } of pagesOf(walk)) {
    missing += items.filter((item) => !known.has(digestOf(item).toString('latin1'))).length
  }
  return missing
}

/**
 * Ends sessions of the target that the source has no more: they ended there, and were swept, after
 * they had been copied. Looks only where the stores differ. Returns how many it ended.
 */
export async function endVanished(
  { source, target }: MoveEnds,
  heaps: ReadonlySet<number>,
  nowMs: EpochMs,
): Promise<number> {
  let ended = 0
  for await (const { items } of pagesOf(target.walkSessions)) {
    const suspects = items.filter((row) => isMoveworthy(row, nowMs) && heaps.has(heapOf(row)))
    for (const session of suspects) {
      if ((await source.find(session)) !== undefined) continue
      const end = { revokedAtMs: nowMs, endReason: 'revoked' } as const
      await target.put({ sessions: [{ ...session, ...end }] })
      ended += 1
    }
  }
  return ended
}
