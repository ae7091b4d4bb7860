/** One move of a played-out theft. */
export type Move = 'you' | 'thief' | 'read'

/** A way to use a stolen refresh token. */
export interface Tactic {
  readonly id: string
  readonly name: string
  readonly hint: string
  /** Played once, then `cycle` again and again until somebody is refused. */
  readonly opening: readonly Move[]
  readonly cycle: readonly Move[]
}

/** The tactics on offer. `you` is a true refresh of the browser, `thief` one of the thief's. */
export const tactics: readonly Tactic[] = [
  {
    id: 'first',
    name: 'Go first',
    hint: 'Before you do',
    opening: [],
    cycle: ['thief', 'read', 'you'],
  },
  {
    id: 'late',
    name: 'Come late',
    hint: 'After you moved on',
    opening: ['you', 'you', 'you'],
    cycle: ['thief', 'you'],
  },
  {
    id: 'lock-step',
    name: 'Lock-step',
    hint: 'Right after you',
    opening: [],
    cycle: ['you', 'thief', 'read'],
  },
  {
    id: 'silent',
    name: 'Stay silent',
    hint: 'Refresh, no calls',
    opening: ['thief', 'thief'],
    cycle: ['you', 'thief'],
  },
]

/** How often a cycle is played before the attempt is given up; the rule needs three. */
export const CYCLES_MAX = 8

/**
 * Plays a tactic move by move. `play` makes one move and tells whether the session goes on;
 * `breathe` waits between moves, so that a person can follow, and tells whether to go on.
 */
export async function playTactic(
  tactic: Tactic,
  play: (move: Move) => Promise<boolean>,
  breathe: () => Promise<boolean>,
): Promise<void> {
  const cycles = Array.from({ length: CYCLES_MAX }, () => tactic.cycle)
  for (const move of [tactic.opening, ...cycles].flat()) {
    if (!(await play(move))) return
    if (!(await breathe())) return
  }
}
