import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explore } from '../../src/explore/explore.ts'
import { tell } from '../../src/explore/story.ts'
import { raceWorld } from '../../src/race/race-world.ts'
import { ours } from '../../src/rules/ours.ts'

test('three concurrent calls always equal a sequential run', () => {
  const seen = explore(raceWorld({ rule: ours, store: 'conditional' }, 3))
  assert.equal(seen.exhausted, true)
  assert.ok(seen.states > 10_000)
})

test('a store that writes without its condition is caught', () => {
  const world = raceWorld({ rule: ours, store: 'unconditional' }, 3)
  const { violation } = explore(world)
  assert.ok(violation)
  assert.match(tell(world, violation, String).join('\n'), /No sequential run ends like this/)
})
