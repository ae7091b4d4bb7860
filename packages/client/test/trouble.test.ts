import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeRecord } from '../src/shared-record.ts'
import { signedIn } from './world/signed-in.ts'
import type { Tab } from './world/tab.ts'
import { type Exchange, World } from './world/world.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
const quick: Exchange = { thereMs: 20, backMs: 30 }

describe('a refresh whose answer is lost', () => {
  it('is repeated at once, and the calls that wait notice nothing', () => {
    const { world, tabs } = signedIn(3)
    let lost = 0
    world.exchange = ({ route }) => {
      if (route !== 'refresh' || lost > 0) return quick
      lost += 1
      return { thereMs: 20, backMs: 'lost' }
    }
    world.api.expireNow()
    const calls = tabs.map((tab) => tab.call())
    world.time.pass(5 * SECOND_MS)
    assert.deepEqual(
      calls.map(({ result }) => result),
      ['ok', 'ok', 'ok'],
    )
    assert.equal(world.api.refreshes.length, 2)
    assert.equal(world.api.thefts, 0)
  })

  it('leaves the session alone however often it is lost, and tells of the trouble', () => {
    const { world, first } = signedIn(1)
    world.exchange = ({ route }) => (route === 'refresh' ? { thereMs: 20, backMs: 'lost' } : quick)
    world.api.expireNow()
    const call = first.call()
    world.time.pass(10 * 60 * SECOND_MS)
    assert.equal(call.result, 'trouble')
    assert.ok(first.kindsOf('trouble') >= 2)
    assert.equal(first.kindsOf('ended'), 0)
    world.exchange = () => quick
    const retried = first.call()
    world.time.pass(SECOND_MS)
    assert.equal(retried.result, 'ok')
    assert.equal(world.api.thefts, 0)
  })

  it('holds back the second generation after it while it may still arrive', () => {
    const { world, first } = signedIn(1)
    // The first refresh wanders for 50 s; nobody listens to it any more after 20 s.
    let sent = 0
    world.exchange = ({ route }) => {
      if (route !== 'refresh') return quick
      sent += 1
      return sent === 1 ? { thereMs: 50 * SECOND_MS, backMs: 20 } : quick
    }
    const results: string[] = []
    const force = () => first.ask('refresh-asked', (result) => results.push(result))
    force()
    world.time.pass(21 * SECOND_MS)
    for (let round = 0; round < 4; round += 1) {
      force()
      world.time.pass(SECOND_MS)
    }
    assert.deepEqual(results, ['trouble', 'done', 'done', 'trouble', 'trouble'])
    const [trouble] = first.events.filter(({ kind }) => kind === 'trouble').slice(-1)
    assert.ok(trouble?.kind === 'trouble' && trouble.trouble.kind === 'settling')
    world.time.pass(120 * SECOND_MS)
    force()
    world.time.pass(SECOND_MS)
    assert.equal(results.at(-1), 'done')
    assert.equal(world.api.thefts, 0)
    assert.ok(world.api.isLive('s1'))
  })
})

describe('a tab that dies while it refreshes', () => {
  it('gives the lock back, and the next one refreshes without harm', () => {
    const { world, tabs, first } = signedIn(3)
    world.exchange = ({ route }) => (route === 'refresh' ? { thereMs: 300, backMs: 300 } : quick)
    world.api.expireNow()
    const calls = tabs.map((tab) => tab.call())
    const holder = () => world.lockQueue[0]
    assert.ok(world.time.pass(SECOND_MS, () => holder()?.state.task.kind === 'refreshing'))
    const dying = holder()
    dying?.kill()
    world.time.pass(10 * SECOND_MS)
    const rest = calls.filter((_, place) => tabs[place] !== dying)
    assert.deepEqual(
      rest.map(({ result }) => result),
      ['ok', 'ok'],
    )
    assert.ok(dying === first || tabs.includes(first))
    assert.equal(world.api.thefts, 0)
    assert.equal(world.lockQueue.length, 0)
  })
})

describe('a lock that is not to be had', () => {
  it('since its holder was stopped is taken away from it', () => {
    const { world, tabs, first } = signedIn(2)
    // A tab that the browser has stopped while it held the lock.
    world.lockQueue.push(tabs[1] ?? first)
    world.api.expireNow()
    const call = first.call()
    world.time.pass(31 * SECOND_MS)
    assert.equal(call.result, 'ok')
    assert.equal(first.view.kind, 'active')
    assert.equal(world.lockQueue.length, 0)
  })
})

describe('the race window', () => {
  const abortedAfterMs = (told: number | undefined, raceWindowMs?: number) => {
    const world = new World({ raceWindowMs })
    world.api.toldWindowMs = told
    const tab = world.openTab()
    world.time.pass(SECOND_MS)
    tab.call({ route: 'log-in' })
    world.time.pass(SECOND_MS)
    world.exchange = () => ({ thereMs: 100 * SECOND_MS, backMs: 20 })
    tab.ask('refresh-asked')
    const startMs = world.time.nowMs
    assert.ok(world.time.pass(HOUR_MS, () => tab.state.trouble?.kind === 'timeout'))
    return Math.round((world.time.nowMs - startMs) / SECOND_MS)
  }

  it('that the driver tells says when a refresh is aborted', () => {
    assert.equal(abortedAfterMs(15_000), 5)
    assert.equal(abortedAfterMs(180_000), 60)
  })

  it('that the app gives wins over it', () => {
    assert.equal(abortedAfterMs(15_000, 30_000), 10)
  })

  it('is a minute when nobody tells, and when the strict rule has none', () => {
    assert.equal(abortedAfterMs(undefined), 20)
    assert.equal(abortedAfterMs(0), 20)
  })

  it('is no part of what the app is told of its session', () => {
    const world = new World()
    world.api.toldWindowMs = 15_000
    const tab = world.openTab()
    world.time.pass(SECOND_MS)
    tab.call({ route: 'log-in' })
    world.time.pass(SECOND_MS)
    assert.ok(tab.view.kind === 'active' && !('w' in tab.view.info))
  })
})

describe('a clock that was set back', () => {
  const DAY_MS = 24 * HOUR_MS

  it('does not make a lost answer of then hold refreshes back', () => {
    const { world, first } = signedIn(1)
    const results: string[] = []
    const force = () => {
      first.ask('refresh-asked', (result) => results.push(result))
      world.time.pass(SECOND_MS)
    }
    force()
    force()
    const { record } = first.state
    const unanswered = { generation: 0, untilMs: world.time.nowMs + DAY_MS }
    const attempts = { count: record.attempts.count + 1, unanswered }
    world.storage = encodeRecord({ ...record, attempts })
    force()
    assert.deepEqual(results, ['done', 'done', 'done'])
  })

  it('does not prolong the patience after trouble', () => {
    const { world, first } = signedIn(1)
    const retryAtMs = world.time.nowMs + DAY_MS
    first.state = { ...first.state, trouble: { kind: 'status', failures: 1, retryAtMs } }
    world.api.expireNow()
    const call = first.call()
    world.time.pass(SECOND_MS)
    assert.equal(call.result, 'ok')
  })

  it('does not make a log-in look older than the sign-out before it', () => {
    const { world, first } = signedIn(1)
    first.ask('sign-out-asked')
    world.time.pass(SECOND_MS)
    const { record } = first.state
    assert.ok(record.known.kind === 'none')
    const known = { ...record.known, sinceMs: world.time.nowMs + 2 * HOUR_MS }
    world.storage = encodeRecord({ ...record, known, revision: record.revision + 1 })
    first.call({ route: 'log-in', userId: 'bob' })
    world.time.pass(SECOND_MS)
    assert.equal(stateOf(first), 'active')
  })
})

for (const status of [429, 500, 502, 503, 404, 403]) {
  describe(`a refresh answered with ${status}`, () => {
    it('ends nothing, and is tried again later', () => {
      const { world, first } = signedIn(1)
      world.exchange = ({ route }) => (route === 'refresh' ? { ...quick, status } : quick)
      world.api.expireNow()
      const call = first.call()
      world.time.pass(SECOND_MS)
      assert.equal(call.result, 'trouble')
      assert.equal(first.kindsOf('ended'), 0)
      world.exchange = () => quick
      world.time.pass(2 * HOUR_MS)
      assert.equal(first.view.kind, 'active')
      assert.ok(world.api.refreshes.length > 0)
    })
  })
}

describe('Retry-After', () => {
  it('is kept, by calls and by the engine itself', () => {
    const { world, first } = signedIn(1)
    let asked = 0
    world.exchange = ({ route }) => {
      if (route !== 'refresh') return quick
      asked += 1
      return { ...quick, status: 503, retryAfterMs: 90 * SECOND_MS }
    }
    world.api.expireNow()
    for (let second = 0; second < 85; second += 1) {
      first.call()
      world.time.pass(SECOND_MS)
    }
    assert.equal(asked, 1)
  })
})

describe('the state while the network is away', () => {
  it('is unknown once the access token has expired, and active again afterwards', () => {
    const { world, first } = signedIn(1)
    world.isOnline = false
    world.time.pass(50 * 60 * SECOND_MS)
    assert.equal(stateOf(first), 'active')
    world.time.pass(HOUR_MS)
    const { view } = first
    assert.ok(view.kind === 'unknown' && view.info?.userId === 'alice')
    world.isOnline = true
    first.dispatch({ kind: 'woke', visible: true, online: true })
    world.time.pass(SECOND_MS)
    assert.equal(stateOf(first), 'active')
    assert.equal(first.kindsOf('ended'), 0)
  })

  it('is unknown at the start of a page, and is settled by the first contact', () => {
    const { world } = signedIn(1)
    world.isOnline = false
    world.time.pass(2 * HOUR_MS)
    const late = world.openTab()
    let settled: string | undefined
    late.ask('state-asked', (result) => {
      settled = result
    })
    world.time.pass(5 * SECOND_MS)
    assert.equal(late.view.kind, 'unknown')
    assert.equal(settled, 'trouble')
    world.isOnline = true
    world.time.pass(2 * 60 * SECOND_MS)
    assert.equal(late.view.kind, 'active')
  })
})

describe('a start that knows nothing', () => {
  it('asks the API, which alone can see into the jar', () => {
    const world = new World()
    const { header, ...tokens } = world.api.logIn('bob')
    world.jar = tokens
    const tab = world.openTab()
    assert.equal(stateOf(tab), 'unknown')
    world.time.pass(SECOND_MS)
    assert.ok(tab.view.kind === 'active' && tab.view.info.handle === header.handle)
  })

  it('finds out that there is no session, without calling it an end', () => {
    const world = new World()
    const tab = world.openTab()
    world.time.pass(SECOND_MS)
    assert.equal(tab.view.kind, 'none')
    assert.equal(tab.kindsOf('ended'), 0)
    assert.equal(tab.kindsOf('change'), 1)
  })

  it('asks only on demand if it was told so', () => {
    const world = new World({ probe: 'demand' })
    let asked = 0
    world.exchange = () => {
      asked += 1
      return quick
    }
    const tab = world.openTab()
    world.time.pass(HOUR_MS)
    assert.equal(asked, 0)
    assert.equal(tab.view.kind, 'unknown')
    tab.ask('state-asked')
    world.time.pass(SECOND_MS)
    assert.equal(tab.view.kind, 'none')
  })
})

describe('a device whose clock is wrong', () => {
  it('refreshes neither early nor in a storm', () => {
    const { world, tabs } = signedIn(2)
    // The API's clock is an hour behind this device's, so to it every token looks expired.
    const before = world.api.nowMs
    Object.assign(world.api, { nowMs: () => before() - HOUR_MS })
    first(tabs).ask('refresh-asked')
    world.time.pass(SECOND_MS)
    const refreshes = world.api.refreshes.length
    world.time.pass(50 * 60 * SECOND_MS)
    assert.equal(world.api.refreshes.length, refreshes)
    world.time.pass(HOUR_MS)
    assert.ok(world.api.refreshes.length <= refreshes + 2)
  })
})

/** A function, so that one assertion does not narrow the next. */
function stateOf(tab: Tab): string {
  return tab.view.kind
}

function first<T>(all: readonly T[]): T {
  const [one] = all
  assert.ok(one)
  return one
}
