import type { EpochMs } from './ids.ts'

/** The farthest that a token may be minted ahead of its core's clock, in milliseconds. */
const LEAD_MAX_MS = 60_000

/**
 * How far a token may be minted ahead of this core's clock, in milliseconds: no farther than the
 * race window, or rows 3 and 4 of the rule would not know it for the sibling that it is. Where that
 * is 0, those rows are off.
 */
export function mintingLeadMaxMs(raceWindowMs: number): number {
  return raceWindowMs === 0 ? LEAD_MAX_MS : Math.min(raceWindowMs, LEAD_MAX_MS)
}

/**
 * When a child is minted: now, or with its parent where that was minted by a clock ahead of this
 * one. A session that began after a cut-off must not have a token from before it.
 */
export function childMintedAtMs(
  parentMintedAtMs: EpochMs,
  nowMs: EpochMs,
  raceWindowMs: number,
): EpochMs {
  const leadMs = Math.min(parentMintedAtMs - nowMs, mintingLeadMaxMs(raceWindowMs))
  return (nowMs + Math.max(leadMs, 0)) as EpochMs
}
