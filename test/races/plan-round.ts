import type { RaceCall } from './calls.ts'

/**
 * What a round begins with.
 *
 * - `unconfirmed`: the root is current; its five children are out, nobody has used one.
 * - `in-window`: the first child is current, confirmed a moment ago: the root is merely late.
 * - `after-window`: the same, long ago: presenting the root, or a sibling after the confirm of a
 *   grandchild, is theft.
 */
export type RoundMood = 'unconfirmed' | 'in-window' | 'after-window'

/** What is done in a round. */
export interface RoundPlan {
  readonly mood: RoundMood
  /** For each process. */
  readonly calls: readonly (readonly RaceCall[])[]
  /** For each process: how far its clock is off, in milliseconds. */
  readonly skewsMs: readonly number[]
}

/** Tokens of a round: 0 is the root, 1 to 5 its children, 6 a child of the first child. */
export const ROOT = 0
const CHILDREN = 5
/** Number of the child of the first child; it is there except in the mood `unconfirmed`. */
export const GRANDCHILD = 1 + CHILDREN

/** Most that a clock is off. */
const SKEW_MAX_MS = 400
/** One round in so many has a revocation in it. */
const ROUNDS_PER_REVOKE = 4

/** Plans a round from a source of chance. */
export function planRound(
  random: () => number,
  { processes, calls }: { readonly processes: number; readonly calls: number },
): RoundPlan {
  const below = (count: number) => Math.floor(random() * count)
  const mood = pickMood(random())
  const all: RaceCall[] = Array.from({ length: processes * calls }, (_, index) => {
    return drawCall(random, mood, `value-${index}`)
  })
  if (below(ROUNDS_PER_REVOKE) === 0) {
    for (let count = 1 + below(3); count > 0; count -= 1)
      all[below(all.length)] = { kind: 'revoke' }
  }
  const each = (process: number) => all.slice(process * calls, (process + 1) * calls)
  return {
    mood,
    calls: Array.from({ length: processes }, (_, process) => each(process)),
    skewsMs: Array.from({ length: processes }, () => below(2 * SKEW_MAX_MS) - SKEW_MAX_MS),
  }
}

function pickMood(chance: number): RoundMood {
  if (chance < 0.5) return 'unconfirmed'
  return chance < 0.75 ? 'in-window' : 'after-window'
}

function drawCall(random: () => number, mood: RoundMood, value: string): RaceCall {
  const child = 1 + Math.floor(random() * CHILDREN)
  const chance = random()
  if (chance < 0.12) return { kind: 'claims', value }
  if (mood !== 'after-window') {
    if (chance < 0.25)
      return { kind: 'confirm', token: mood === 'unconfirmed' ? child : GRANDCHILD }
    return { kind: 'refresh', token: random() < 1 / (1 + CHILDREN) ? ROOT : child }
  }
  // What ends the session is rare here, so that something happens before.
  if (chance < 0.124) return { kind: 'confirm', token: GRANDCHILD }
  if (chance < 0.25) return { kind: 'confirm', token: child }
  return { kind: 'refresh', token: random() < 0.003 ? ROOT : child }
}
