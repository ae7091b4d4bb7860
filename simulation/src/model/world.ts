import type { Rule } from '../rules/rule.ts'

/** What can happen in a small world. */
export interface World {
  /** Stable, kebab-case: `npm run sim -- --world <name>`. */
  readonly name: string
  /** One line for the report. */
  readonly title: string
  /** Length of the race window in ticks: what everything else is measured in. Even, or 1. */
  readonly windowTicks: number
  /** Whether settled uses of access tokens are reported. */
  readonly confirms: 'on-use' | 'on-refresh'
  /** Most refreshes on their way at once; 0 makes each refresh one step, answered or not. */
  readonly exchanges: number
  /** Whether the network may deliver a request twice. */
  readonly repeats: boolean
  /** Whether pages rendered on a server refresh, too. */
  readonly renders: boolean
  /** Whether the browser may crash and fall back to the jar on disk. */
  readonly crashes: boolean
  /** Whether the store may fall back to an earlier row. */
  readonly fallbacks: boolean
  /** How refreshes of one jar keep out of each other's way. */
  readonly pacing: Pacing
  /** Idle timeout in ticks, or 0 for none. */
  readonly idleTicks: number
  /** Tokens the thief can hold at once; 0 for no thief. */
  readonly thiefTokens: number
}

/**
 * - `spaced`: no refresh starts within 2 W of the moment the jar received its grant; otherwise any
 *   number run side by side.
 * - `serialized`: one lock. A refresh may follow another at once, whatever the age of the grant, if
 *   the jar is on disk, and if every earlier refresh that can still arrive (given up without an
 *   answer less than W ago) carries the same token or its parent; otherwise it is spaced.
 * - `lock-only`: one lock and nothing else; a sender that gives up waiting lets go of it.
 * - `free`: no rule at all.
 */
export type Pacing = 'spaced' | 'serialized' | 'lock-only' | 'free'

/** A world under a rule, with the constants of its clock. */
export interface Setting {
  readonly world: World
  readonly rule: Rule
  readonly tickMs: number
  /** W: how long an exchange can live, in ticks. */
  readonly windowTicks: number
  /** How long a grant holds back the next refresh of its jar, in ticks: 2 W, or 0. */
  readonly spacingTicks: number
  /** How long after a change the jar is surely on disk, in ticks (30 s). */
  readonly flushTicks: number
  /** How old a report of a use may be, in ticks: W / 2. */
  readonly reportTicks: number
  /** Times further apart than this are all alike to everything above. */
  readonly gapTicks: number
}

/** The default race window that every world is scaled to, in milliseconds. */
const WINDOW_MS = 60_000

/** Puts a world under a rule. */
export function settingFor(world: World, rule: Rule): Setting {
  const { windowTicks } = world
  const tickMs = WINDOW_MS / windowTicks
  const settlingTicks = Math.ceil(Math.max(rule.settings.settlingMs, 0) / tickMs)
  const uses = world.confirms === 'on-use' ? settlingTicks : 0
  const flushTicks = Math.ceil(windowTicks / 2)
  const spacingTicks = world.pacing === 'free' ? 0 : 2 * windowTicks
  return {
    world,
    rule,
    tickMs,
    windowTicks,
    spacingTicks,
    flushTicks,
    reportTicks: Math.ceil(windowTicks / 2),
    gapTicks: Math.max(windowTicks, spacingTicks, uses, world.idleTicks) + 1,
  }
}
