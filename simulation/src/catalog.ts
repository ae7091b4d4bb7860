import type { World } from './model/world.ts'
import { confirmOnUse } from './rules/confirm-on-use.ts'
import { convergent } from './rules/convergent.ts'
import { grace } from './rules/grace.ts'
import { ours } from './rules/ours.ts'
import type { Rule } from './rules/rule.ts'

/** One thing that `npm run sim` explores. */
export type Check = SmallWorldCheck | RaceCheck

/** A small world under a rule. */
export interface SmallWorldCheck {
  readonly kind: 'small-world'
  readonly group: 'honest' | 'thief' | 'wrong-rule' | 'obligation'
  readonly world: World
  readonly rule: Rule
  /** Whether the invariants must hold, or the checker must find that they do not. */
  readonly expected: 'holds' | 'caught'
  /** The longest run looked at, in moves; without it runs of every length are. */
  readonly movesMax?: number
}

/** Concurrent calls on one row. */
export interface RaceCheck {
  readonly kind: 'race'
  readonly name: string
  readonly title: string
  /** How many processes serve one call each, at the same time. */
  readonly processes: number
}

/** One tab that refreshes and loses messages; every world below adds to it. */
const PLAIN: World = {
  name: 'plain',
  title: 'one tab; messages lost, late',
  windowTicks: 2,
  confirms: 'on-refresh',
  exchanges: 1,
  repeats: false,
  renders: false,
  crashes: false,
  fallbacks: false,
  pacing: 'spaced',
  idleTicks: 0,
  thiefTokens: 0,
}

/** A thief against a victim whose refreshes are one step each, at any time. */
const CHASE: World = { ...PLAIN, exchanges: 0, pacing: 'free', thiefTokens: 2 }

/** What the rule is held to in worlds of honest users. */
const HONEST: readonly SmallWorldCheck[] = [
  holds('honest', {
    ...PLAIN,
    name: 'tabs',
    title: '3 refreshes at once, tabs or server renders; lost, late, reordered, repeated',
    exchanges: 3,
    repeats: true,
    renders: true,
  }),
  holds('honest', {
    ...PLAIN,
    name: 'tabs-on-use',
    title: 'as tabs, 2 at once; uses of access tokens confirm',
    confirms: 'on-use',
    exchanges: 2,
    repeats: true,
    renders: true,
  }),
  holds('honest', {
    ...PLAIN,
    name: 'crash',
    title: '2 tabs or renders at once; the browser crashes, the jar falls back to the disk',
    windowTicks: 4,
    exchanges: 2,
    renders: true,
    crashes: true,
  }),
  holds(
    'honest',
    {
      ...PLAIN,
      name: 'crash-on-use',
      title: '2 tabs at once; crashes; uses confirm',
      windowTicks: 4,
      confirms: 'on-use',
      exchanges: 2,
      crashes: true,
    },
    24,
  ),
  holds('honest', {
    ...PLAIN,
    name: 'store-back',
    title: '2 tabs at once, repeated; the store falls back to an earlier row',
    exchanges: 2,
    repeats: true,
    fallbacks: true,
  }),
  holds(
    'honest',
    {
      ...PLAIN,
      name: 'store-back-on-use',
      title: 'one tab; the store falls back; uses confirm',
      confirms: 'on-use',
      fallbacks: true,
    },
    32,
  ),
  holds('honest', {
    ...PLAIN,
    name: 'serialized',
    title: '2 at once behind a lock, forced refreshes without a pause; lost and late',
    exchanges: 2,
    pacing: 'serialized',
  }),
  holds(
    'honest',
    {
      ...PLAIN,
      name: 'serialized-crash',
      title: 'as serialized; crashes',
      windowTicks: 4,
      exchanges: 2,
      crashes: true,
      pacing: 'serialized',
    },
    26,
  ),
  holds('honest', {
    ...PLAIN,
    name: 'idle',
    title: 'idle timeout of 6 W: nobody active is refused as idle',
    exchanges: 0,
    pacing: 'free',
    idleTicks: 12,
  }),
  holds('honest', {
    ...PLAIN,
    name: 'idle-on-use',
    title: 'as idle; uses confirm',
    confirms: 'on-use',
    exchanges: 0,
    pacing: 'free',
    idleTicks: 12,
  }),
]

/** What the rule is held to when the jar was copied once. */
const THIEVES: readonly SmallWorldCheck[] = [
  holds('thief', {
    ...CHASE,
    name: 'thief',
    title: 'any strategy over every token he ever got, 3 of them alive at once',
    windowTicks: 1,
    thiefTokens: 3,
  }),
  holds(
    'thief',
    {
      ...CHASE,
      name: 'thief-on-use',
      title: 'as thief, 2 alive at once; uses of access tokens confirm, his and hers',
      confirms: 'on-use',
    },
    15,
  ),
  holds('thief', {
    ...CHASE,
    name: 'thief-and-late-messages',
    title: 'as thief, 2 alive at once; her messages are lost and late',
    windowTicks: 1,
    exchanges: 1,
  }),
  holds(
    'thief',
    {
      ...CHASE,
      name: 'thief-and-tabs',
      title: 'as thief, 2 alive at once; she refreshes from 2 tabs side by side',
      windowTicks: 1,
      exchanges: 2,
      pacing: 'spaced',
    },
    15,
  ),
]

/** Concurrency: the conditional write makes every race equal a sequential run. */
const RACES: readonly RaceCheck[] = [
  {
    kind: 'race',
    name: 'race',
    title: '4 processes: refreshes with 7 tokens, a use, a check, a revocation; 1 row',
    processes: 4,
  },
]

/** Rules that are wrong, each in the smallest world that shows its known fault. */
const WRONG_RULES: readonly SmallWorldCheck[] = [
  caught('wrong-rule', confirmOnUse, {
    ...PLAIN,
    name: 'confirm-on-use',
    title: 'the first use of a child retires its parent at once: honest logout',
    confirms: 'on-use',
    renders: true,
  }),
  caught('wrong-rule', grace, {
    ...CHASE,
    name: 'grace-30s-logout',
    title: 'the superseded token is answered for 30 s: honest logout after it',
    thiefTokens: 0,
  }),
  caught('wrong-rule', grace, {
    ...CHASE,
    name: 'grace-30s-thief',
    title: 'the superseded token is answered for 30 s: a thief in step is never seen',
  }),
  caught('wrong-rule', convergent, {
    ...CHASE,
    name: 'convergent',
    title: 'everybody gets the same successor: a thief in step is never seen',
  }),
]

/** Clients that do not keep what they owe the rule: why they owe it. */
const OBLIGATIONS: readonly SmallWorldCheck[] = [
  caught('obligation', ours, {
    ...PLAIN,
    name: 'unspaced-tabs',
    title: 'tabs side by side that refresh again at once, without a lock',
    exchanges: 2,
    pacing: 'free',
  }),
  caught('obligation', ours, {
    ...PLAIN,
    name: 'lock-let-go',
    title: 'a lock that is let go while the message may still arrive, then two more refreshes',
    exchanges: 2,
    pacing: 'lock-only',
  }),
  caught('obligation', ours, {
    ...PLAIN,
    name: 'not-on-disk',
    title: 'a lock, but refreshes again before the last grant is on disk, then a crash',
    windowTicks: 4,
    crashes: true,
    pacing: 'lock-only',
  }),
]

/** Everything that `npm run sim` explores, in the order of its report. */
export const CHECKS: readonly Check[] = [
  ...HONEST,
  ...THIEVES,
  ...RACES,
  ...WRONG_RULES,
  ...OBLIGATIONS,
]

/** The name of a check, as `--world` takes it. */
export function nameOfCheck(check: Check): string {
  return check.kind === 'race' ? check.name : check.world.name
}

function holds(group: 'honest' | 'thief', world: World, movesMax?: number): SmallWorldCheck {
  const check = { kind: 'small-world', group, world, rule: ours, expected: 'holds' } as const
  return movesMax === undefined ? check : { ...check, movesMax }
}

function caught(group: 'wrong-rule' | 'obligation', rule: Rule, world: World): SmallWorldCheck {
  return { kind: 'small-world', group, world, rule, expected: 'caught' }
}
