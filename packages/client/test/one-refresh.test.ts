import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { signedIn } from './world/signed-in.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

describe('five tabs of one browser', () => {
  it('refresh once per expiry, ahead of it, and every tab stays active', () => {
    const { world, tabs } = signedIn(5)
    for (let hour = 1; hour <= 10; hour += 1) {
      world.time.pass(HOUR_MS)
      // Each life is shortened by the lead, so ten hours hold ten or eleven refreshes.
      assert.ok(world.api.refreshes.length >= hour)
    }
    assert.ok(world.api.refreshes.length <= 11, `${world.api.refreshes.length} refreshes`)
    for (const tab of tabs) {
      assert.equal(tab.view.kind, 'active')
      assert.equal(tab.kindsOf('ended'), 0)
      assert.equal(tab.kindsOf('refreshed'), world.api.refreshes.length)
    }
  })

  it('refresh once when the token expires unannounced and all of them call', () => {
    const { world, tabs } = signedIn(5)
    for (let round = 1; round <= 20; round += 1) {
      world.api.expireNow()
      const calls = tabs.flatMap((tab) => [tab.call(), tab.call()])
      world.time.pass(10_000)
      assert.deepEqual(new Set(calls.map(({ result }) => result)), new Set(['ok']))
      assert.equal(world.api.refreshes.length, round)
    }
    assert.equal(world.api.thefts, 0)
  })

  it('refresh nothing ahead of expiry while all of them are hidden, and once when one is used', () => {
    const { world, tabs } = signedIn(5)
    for (const tab of tabs) tab.show(false)
    world.time.pass(5 * HOUR_MS)
    assert.equal(world.api.refreshes.length, 0)
    assert.equal(tabs[0]!.view.kind, 'active')
    const call = tabs[3]!.call()
    world.time.pass(1000)
    assert.equal(call.result, 'ok')
    assert.equal(world.api.refreshes.length, 1)
  })

  it('refresh nothing ahead of expiry if they were told not to, and once when one is used', () => {
    const { world, tabs } = signedIn(5, { refreshAhead: false })
    world.time.pass(5 * HOUR_MS)
    assert.equal(world.api.refreshes.length, 0)
    const call = tabs[3]!.call()
    world.time.pass(1000)
    assert.equal(call.result, 'ok')
    assert.equal(world.api.refreshes.length, 1)
  })

  it('refresh once when the device wakes after a night', () => {
    const { world, tabs } = signedIn(5)
    for (const tab of tabs) tab.show(false)
    world.time.pass(9 * HOUR_MS)
    for (const tab of tabs) tab.show(true)
    world.time.pass(1000)
    assert.equal(world.api.refreshes.length, 1)
    assert.deepEqual(
      tabs.map((tab) => tab.view.kind),
      tabs.map(() => 'active'),
    )
  })
})

describe('a forced refresh', () => {
  it('starts after it was asked for, also while another one is under way', () => {
    const { world, tabs } = signedIn(2)
    const results: string[] = []
    tabs[0]!.ask('refresh-asked', (result) => results.push(result))
    world.time.pass(10)
    tabs[0]!.ask('refresh-asked', (result) => results.push(result))
    tabs[0]!.ask('refresh-asked', (result) => results.push(result))
    tabs[1]!.ask('refresh-asked', (result) => results.push(result))
    world.time.pass(5000)
    assert.deepEqual(results, ['done', 'done', 'done', 'done'])
    // The second and the third share one.
    assert.equal(world.api.refreshes.length, 3)
    assert.equal(world.api.thefts, 0)
  })
})

describe('a call', () => {
  it('does not wait for a refresh ahead of expiry', () => {
    const { world, tabs } = signedIn(1)
    world.exchange = ({ route }) => ({ thereMs: route === 'refresh' ? 5000 : 20, backMs: 20 })
    assert.ok(world.time.pass(HOUR_MS, () => world.lockQueue.length > 0))
    const call = tabs[0]!.call()
    world.time.pass(100)
    assert.equal(call.result, 'ok')
    assert.equal(world.api.refreshes.length, 0)
  })

  it('is refused for good when the session has ended, and every tab learns of it', () => {
    const { world, tabs } = signedIn(3)
    world.api.end('s1', 'revoked')
    const call = tabs[0]!.call()
    world.time.pass(1000)
    assert.equal(call.result, 'refused')
    for (const tab of tabs) {
      assert.equal(tab.view.kind, 'none')
      assert.equal(tab.kindsOf('ended'), 1)
    }
    assert.equal(world.api.refreshes.length, 0)
  })
})
