import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PresentedToken } from '@pawl/core'
import { HOUR, MINUTE, type Play, play, SECOND } from './play.ts'

/** Goes on refreshing hourly, as an honest client does; throws if it is ever refused. */
function goOn(core: Play, token: PresentedToken, fromMs: number): void {
  let current = token
  for (let hour = 1; hour <= 4; hour++) current = core.granted(current, fromMs + hour * HOUR)
}

/** The jar three hours after log-in: two parents have been retired. */
function settledJar(core: Play): PresentedToken {
  let jar = core.root
  for (let hour = 1; hour <= 3; hour++) jar = core.granted(jar, hour * HOUR)
  return jar
}

const START = 4 * HOUR

for (const [delay, name] of [
  [5 * SECOND, '5 s'],
  [45 * SECOND, '45 s'],
  [10 * MINUTE, '10 min'],
  [24 * HOUR, 'a day'],
] as const) {
  test(`1. a response is lost and the refresh retried after ${name}: no logout`, () => {
    const core = play()
    const jar = settledJar(core)
    core.granted(jar, START)
    goOn(core, core.granted(jar, START + delay), START + delay)
  })
}

for (const kept of ['last', 'first'] as const) {
  test(`2. five parallel refreshes, the jar keeps the ${kept}: no logout`, () => {
    const core = play()
    const jar = settledJar(core)
    const children = [0, 1, 2, 3, 4].map((i) => core.granted(jar, START + i * SECOND))
    const survivor = children.at(kept === 'last' ? -1 : 0)
    assert.ok(survivor)
    goOn(core, survivor, START)
  })
}

for (const [kept, usedAfterMs] of [
  ['the loser', 1 * SECOND],
  // By then the loser has long replaced the winner in the jar; the use was still on its way.
  ['the loser', 3 * MINUTE],
  ['nothing new', 1 * SECOND],
] as const) {
  const when = `${usedAfterMs / SECOND} s`
  test(`3. a server render uses the winner after ${when}, the jar keeps ${kept}: no logout`, () => {
    const core = play()
    const jar = settledJar(core)
    const winner = core.granted(jar, START)
    const survivor = kept === 'the loser' ? core.granted(jar, START + SECOND) : jar
    core.use(winner, START + usedAfterMs)
    goOn(core, survivor, START)
  })
}

for (const [reopened, name] of [
  [0, 'at once'],
  [HOUR, 'after an hour'],
] as const) {
  test(`4. a crash rolls the jar back, the browser is reopened ${name}: no logout`, () => {
    const core = play()
    const jar = settledJar(core)
    const lost = core.granted(jar, START)
    core.use(lost, START + 20 * SECOND)
    const crashMs = START + 29 * SECOND
    goOn(core, core.granted(jar, crashMs + reopened), crashMs + reopened)
  })
}

for (const generations of [1, 2, 5]) {
  test(`5. the store falls back by ${generations} generations: no logout, the operator is told`, () => {
    const core = play()
    let jar = settledJar(core)
    const earlier = core.snapshot()
    for (let hour = 0; hour < generations; hour++) jar = core.granted(jar, START + hour * HOUR)
    core.fallBack(earlier)
    const afterMs = START + generations * HOUR
    const answer = core.refresh(jar, afterMs)
    assert.ok(answer.kind === 'granted')
    assert.equal(answer.rule, 'heal')
    goOn(core, answer.child, afterMs)
  })
}

interface Chase {
  /** When the thief refreshes, relative to each of the victim's refreshes. */
  readonly thiefAfterMs: number
  /** Whether settled uses are reported, hers a few minutes after each refresh. */
  readonly reportsUses: boolean
  /** Whether he uses access tokens, too. */
  readonly isSilent?: boolean
}

/** The cycle in which either side meets the alarm; 0 if nobody ever does. */
function caughtInCycle({ thiefAfterMs, reportsUses, isSilent = false }: Chase): number {
  const core = play()
  const tokens = { victim: settledJar(core), thief: core.root }
  tokens.thief = tokens.victim
  const move = (who: 'victim' | 'thief', atMs: number): boolean => {
    const answer = core.refresh(tokens[who], atMs)
    if (answer.kind === 'granted') tokens[who] = answer.child
    return answer.kind === 'theft'
  }
  for (let cycle = 1; cycle <= 50; cycle++) {
    const victimMs = START + cycle * HOUR
    const isThiefFirst = thiefAfterMs < 0
    const order = isThiefFirst ? (['thief', 'victim'] as const) : (['victim', 'thief'] as const)
    for (const who of order) {
      const atMs = who === 'victim' ? victimMs : victimMs + thiefAfterMs
      if (move(who, atMs)) return cycle
    }
    if (!reportsUses) continue
    core.use(tokens.victim, victimMs + 20 * MINUTE)
    if (!isSilent) core.use(tokens.thief, victimMs + 21 * MINUTE)
  }
  return 0
}

const CHASES: readonly (readonly [string, number, 'silent' | 'loud'])[] = [
  ['6. a thief who replays 5 s after the victim', 5 * SECOND, 'loud'],
  ['6. a thief who replays 10 min after the victim', 10 * MINUTE, 'loud'],
  ['7. a thief who goes first, by 10 min', -10 * MINUTE, 'loud'],
  ['8. a thief in step, 0.1 s after her', 100, 'loud'],
  ['8. a thief in step, 2 s after her', 2 * SECOND, 'loud'],
  ['8. a thief in step, 29 s after her', 29 * SECOND, 'loud'],
  ['8. a thief in step, 0.1 s before her', -100, 'loud'],
  ['8. a thief in step, 2 s before her', -2 * SECOND, 'loud'],
  ['8. a thief in step, 29 s before her', -29 * SECOND, 'loud'],
  ['9. a silent thief in step, 2 s after her', 2 * SECOND, 'silent'],
  ['9. a silent thief, 10 min before her', -10 * MINUTE, 'silent'],
]

for (const [name, thiefAfterMs, noise] of CHASES) {
  for (const reportsUses of [false, true]) {
    const setting = reportsUses ? 'on-use' : 'on-refresh'
    test(`${name}, is caught within three cycles (${setting})`, () => {
      const cycle = caughtInCycle({ thiefAfterMs, reportsUses, isSilent: noise === 'silent' })
      assert.ok(cycle >= 1 && cycle <= 3, `caught in cycle ${cycle}`)
    })
  }
}
