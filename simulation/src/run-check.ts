import { type Check, nameOfCheck } from './catalog.ts'
import { type Bounds, type Exploration, explore } from './explore/explore.ts'
import type { Model } from './explore/model.ts'
import { tell } from './explore/story.ts'
import { smallWorld } from './model/small-world.ts'
import { settingFor } from './model/world.ts'
import { raceWorld } from './race/race-world.ts'
import { ours } from './rules/ours.ts'

/** What came of a check. Plain data, so that a worker can post it. */
export interface CheckReport {
  readonly name: string
  readonly states: number
  readonly transitions: number
  /** Every run of at most this many moves was looked at. */
  readonly moves: number
  /** Whether runs of every length were. */
  readonly exhausted: boolean
  readonly seconds: number
  /** Most rounds a thief survived; 0 without one. */
  readonly rounds: number
  /** The shortest counter-example, as numbered sentences; null if there is none. */
  readonly story: readonly string[] | null
}

/** Runs one check. A `movesMax` given here takes the place of the check's own. */
export function runCheck(check: Check, movesMax?: number): CheckReport {
  const ownMax = check.kind === 'race' ? undefined : check.movesMax
  const limit = movesMax ?? ownMax
  const bounds: Bounds = limit === undefined ? {} : { movesMax: limit }
  const startedAt = performance.now()
  const report = (seen: Exploration, rounds: number, story: readonly string[] | null) => ({
    name: nameOfCheck(check),
    states: seen.states,
    transitions: seen.transitions,
    moves: seen.moves,
    exhausted: seen.exhausted,
    seconds: (performance.now() - startedAt) / 1000,
    rounds,
    story,
  })
  if (check.kind === 'race') {
    const model = raceWorld({ rule: ours, store: 'conditional' }, check.processes)
    const seen = explore(model, bounds)
    return report(seen, 0, storyOf(model, seen, 0))
  }
  const setting = settingFor(check.world, check.rule)
  const model = smallWorld(setting)
  const seen = explore(model, bounds)
  return report(seen, model.roundsMax(), storyOf(model, seen, setting.tickMs))
}

function storyOf<S>(model: Model<S>, seen: Exploration, tickMs: number): string[] | null {
  if (seen.violation === null) return null
  return tell(model, seen.violation, (ticks) => `Time passes: ${spoken((ticks * tickMs) / 1000)}`)
}

function spoken(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  const rest = seconds % 60
  if (minutes === 0) return `${rest} s`
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`
}
