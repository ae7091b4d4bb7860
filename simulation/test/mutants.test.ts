import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHECKS, type SmallWorldCheck } from '../src/catalog.ts'
import type { World } from '../src/model/world.ts'
import { runCheck } from '../src/run-check.ts'
import type { Mutant } from './mutants.ts'
import * as mutants from './mutants.ts'

/** A world of the catalogue, with something changed. */
function world(name: string, change: Partial<World> = {}): SmallWorldCheck {
  const check = CHECKS.find((one) => one.kind === 'small-world' && one.world.name === name)
  assert.ok(check?.kind === 'small-world')
  return { ...check, world: { ...check.world, ...change } }
}

const THIEF = world('thief', { thiefTokens: 2 })
const SERIALIZED = world('serialized')

/** Each mutant, and the world in which the checker must see it. */
const CASES: readonly (readonly [Mutant, SmallWorldCheck])[] = [
  [mutants.withoutConverge, SERIALIZED],
  [mutants.withoutLate, SERIALIZED],
  [mutants.withoutHeal, world('store-back')],
  [mutants.withoutTheft, THIEF],
  [mutants.unboundedConverge, THIEF],
  [mutants.unboundedLate, THIEF],
  [mutants.eagerHeal, THIEF],
  [mutants.steppedConverge, THIEF],
  [mutants.forgetfulUse, world('serialized', { confirms: 'on-use', renders: true })],
  [mutants.halfWindow, SERIALIZED],
  [mutants.noSettling, world('tabs-on-use')],
  [mutants.shortSettling, world('crash-on-use')],
]

test('every mutant has its case', () => {
  const tried = new Set(CASES.map(([mutant]) => mutant))
  assert.deepEqual(
    Object.values(mutants).filter((mutant) => !tried.has(mutant)),
    [],
  )
})

for (const [mutant, check] of CASES) {
  test(`the checker sees that ${mutant.fault}`, () => {
    const report = runCheck({ ...check, rule: mutant.rule })
    assert.notEqual(report.story, null, `explored ${report.states} states of ${report.name}`)
  })
}
