/** A source of chance that can be run again: mulberry32. */
export interface Seeded {
  /** A whole number from 0 to `below`, not included. */
  readonly below: (below: number) => number
  readonly pick: <T>(from: readonly T[]) => T
}

/** The same numbers for the same seed. */
export function seeded(seed: number): Seeded {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  return { below, pick: (from) => from[below(from.length)] as (typeof from)[number] }
}
