import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { signedIn } from './world/signed-in.ts'

describe('a refresh whose lock was taken away', () => {
  it('hides with its answer no other one that is under way since', () => {
    const { world, tabs } = signedIn(3)
    const [first, second, third] = tabs
    assert.ok(first && second && third)
    // Long, but in time; the third one's request takes long to arrive.
    const delays = [19_000, 19_000, 19_500]
    world.exchange = () => ({ thereMs: delays.shift() ?? 20, backMs: 20 })
    first.ask('refresh-asked')
    world.time.pass(100)
    second.ask('refresh-asked')
    third.ask('refresh-asked')
    world.time.pass(20_000)
    assert.equal(world.lockQueue[0], second)
    world.time.pass(10_900)
    assert.equal(world.lockQueue[0], third)
    assert.equal(delays.length, 0)
    // The second one hears its answer now, and refreshes twice more before that arrives.
    delays.push(5_000)
    second.ask('refresh-asked')
    world.time.pass(10_000)
    second.ask('refresh-asked')
    world.time.pass(60_000)
    assert.equal(world.api.thefts, 0)
    for (const tab of tabs) assert.equal(tab.view.kind, 'active')
  })
})
