import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CallResult } from './world/tab.ts'
import { type Exchange, World } from './world/world.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const WORLDS = 60
const EPISODES = 60

/** A network that is often quick, sometimes slow, and at times loses what it carries. */
function moody(world: World): Exchange {
  const { random } = world.time
  const slowMs = () => random() * 45 * SECOND_MS
  const delay = () => (random() < 0.8 ? 10 + random() * 200 : slowMs())
  return {
    thereMs: random() < 0.05 ? 'lost' : delay(),
    backMs: random() < 0.1 ? 'lost' : delay(),
    ...(random() < 0.03 ? { status: 503 } : {}),
  }
}

/** Something that happens to an honest user's browser. */
function happen(world: World, calls: { result: CallResult }[]): void {
  const { random } = world.time
  const tabs = [...world.tabs]
  const tab = tabs[Math.floor(random() * tabs.length)] ?? world.openTab()
  const chance = random()
  if (chance < 0.35) calls.push(tab.call())
  else if (chance < 0.5) world.api.expireNow()
  else if (chance < 0.6) insist(world)
  else if (chance < 0.7) tab.show(random() < 0.5)
  else if (chance < 0.78 && tabs.length > 1) tab.kill()
  else if (chance < 0.86 && tabs.length < 6) world.openTab({ visible: random() < 0.7 })
  else if (chance < 0.92) world.isOnline = !world.isOnline
  else world.time.pass(random() * 90 * MINUTE_MS)
}

/** An app that forces refreshes in a row, in one tab or several. */
function insist(world: World): void {
  const { random } = world.time
  for (let times = random() * 6; times > 0; times -= 1) {
    const tabs = [...world.tabs]
    tabs[Math.floor(random() * tabs.length)]?.ask('refresh-asked')
    world.time.pass(random() * 4 * SECOND_MS)
  }
}

function live(seed: number, holdsTokens: boolean): void {
  const world = new World({ seed, holdsTokens, accessLifeMs: 20 * MINUTE_MS })
  world.openTab().call({ route: 'log-in', userId: 'alice' })
  world.time.pass(5 * SECOND_MS)
  world.exchange = () => moody(world)
  const calls: { result: CallResult }[] = []
  for (let episode = 0; episode < EPISODES; episode += 1) {
    happen(world, calls)
    world.time.pass(world.time.random() * 40 * SECOND_MS)
    const refused = calls.filter(({ result }) => result === 'refused')
    assert.equal(refused.length, 0, `seed ${seed}: a call was refused for good`)
    assert.equal(world.api.thefts, 0, `seed ${seed}: taken for a thief`)
  }
  world.isOnline = true
  world.exchange = () => ({ thereMs: 20, backMs: 20 })
  world.time.pass(5 * MINUTE_MS)
  for (const tab of world.tabs) {
    tab.dispatch({ kind: 'woke', visible: true, online: true })
    calls.push(tab.call())
    world.time.pass(SECOND_MS)
    assert.equal(tab.view.kind, 'active', `seed ${seed}: not active in the end`)
    assert.equal(tab.kindsOf('ended'), 0, `seed ${seed}: told of an end`)
    assert.equal(tab.state.wants.length, 0, `seed ${seed}: somebody waits for ever`)
    assert.equal(calls.at(-1)?.result, 'ok', `seed ${seed}: the last call fails`)
  }
  assert.ok(world.api.isLive('s1'))
  assert.equal(world.lockQueue.length, 0, `seed ${seed}: the lock is never released`)
}

describe('in honest worlds, whatever is lost, late, killed or asleep', () => {
  it(`nobody is logged out or taken for a thief: cookies, ${WORLDS} worlds`, () => {
    for (let seed = 1; seed <= WORLDS; seed += 1) live(seed, false)
  })

  it(`nobody is logged out or taken for a thief: header transport, ${WORLDS} worlds`, () => {
    for (let seed = 1; seed <= WORLDS; seed += 1) live(seed, true)
  })
})
