import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { signedIn } from './world/signed-in.ts'
import type { Tab } from './world/tab.ts'
import { type Exchange, World } from './world/world.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
const quick: Exchange = { thereMs: 20, backMs: 30 }

function signOut(tab: Tab): { result: string } {
  const outcome = { result: 'pending' }
  tab.ask('sign-out-asked', (result) => {
    outcome.result = result
  })
  return outcome
}

describe('sign-out', () => {
  it('holds here at once, in all tabs soon, and at the API', () => {
    const { world, tabs, first } = signedIn(4)
    const outcome = signOut(first)
    assert.equal(first.view.kind, 'none')
    world.time.pass(SECOND_MS)
    assert.equal(outcome.result, 'done')
    for (const tab of tabs) {
      assert.equal(tab.view.kind, 'none')
      const ended = tab.events.find(({ kind }) => kind === 'ended')
      assert.ok(ended?.kind === 'ended' && ended.reason === 'signed-out')
    }
    assert.equal(world.api.isLive('s1'), false)
  })

  it('works with an expired access token, without a refresh, and twice', () => {
    const { world, first } = signedIn(1)
    first.show(false)
    world.time.pass(3 * HOUR_MS)
    const one = signOut(first)
    world.time.pass(SECOND_MS)
    const two = signOut(first)
    world.time.pass(SECOND_MS)
    assert.deepEqual([one.result, two.result], ['done', 'done'])
    assert.equal(world.api.refreshes.length, 0)
    assert.equal(first.kindsOf('ended'), 1)
    assert.equal(world.api.isLive('s1'), false)
  })

  it('waits for a refresh under way, and wins over it', () => {
    const { world, tabs, first } = signedIn(2)
    world.exchange = ({ route }) => (route === 'refresh' ? { thereMs: 900, backMs: 900 } : quick)
    tabs[1]?.ask('refresh-asked')
    world.time.pass(100)
    const outcome = signOut(first)
    world.time.pass(5 * SECOND_MS)
    assert.equal(outcome.result, 'done')
    for (const tab of tabs) assert.equal(tab.view.kind, 'none')
    assert.equal(world.api.isLive('s1'), false)
  })

  it('wins over the late answers of calls that were under way', () => {
    const { world, tabs, first } = signedIn(2)
    world.exchange = ({ route }) => (route === 'read' ? { thereMs: 20, backMs: 4000 } : quick)
    tabs[1]?.call()
    first.call()
    world.time.pass(100)
    signOut(first)
    world.time.pass(10 * SECOND_MS)
    for (const tab of tabs) assert.equal(tab.view.kind, 'none')
  })
})

describe('an answer to a sign-out that is not a word of our API', () => {
  for (const status of [200, 302, 401, 403, 404, 503]) {
    it(`confirms nothing, whatever it is (${status})`, () => {
      const { world, first } = signedIn(1)
      world.exchange = ({ route }) => (route === 'sign-out' ? { ...quick, status } : quick)
      const outcome = signOut(first)
      world.time.pass(SECOND_MS)
      assert.equal(outcome.result, 'trouble')
      assert.equal(first.state.trouble?.kind, status === 200 ? 'unreadable' : 'status')
      assert.equal(first.view.kind, 'none')
      assert.ok(world.api.isLive('s1'))
      world.exchange = () => quick
      const next = world.openTab()
      world.time.pass(5 * 60 * SECOND_MS)
      assert.equal(next.view.kind, 'none')
      assert.equal(world.api.isLive('s1'), false)
    })
  }
})

describe('sign-out without a network', () => {
  it('is queued, and sent as soon as there is one', () => {
    const { world, tabs, first } = signedIn(2)
    world.isOnline = false
    const outcome = signOut(first)
    world.time.pass(5 * SECOND_MS)
    assert.equal(outcome.result, 'trouble')
    for (const tab of tabs) assert.equal(tab.view.kind, 'none')
    world.isOnline = true
    for (const tab of tabs) tab.dispatch({ kind: 'woke', visible: true, online: true })
    world.time.pass(5 * SECOND_MS)
    assert.equal(world.api.isLive('s1'), false)
    assert.equal(first.state.record.signOuts.length, 0)
    for (const tab of tabs) assert.equal(tab.view.kind, 'none')
  })

  it('is sent by the next page if the tab was closed', () => {
    const { world, first } = signedIn(1)
    world.isOnline = false
    signOut(first)
    world.time.pass(5 * SECOND_MS)
    first.kill()
    world.time.pass(HOUR_MS)
    world.isOnline = true
    const next = world.openTab()
    assert.equal(next.view.kind, 'none')
    world.time.pass(5 * SECOND_MS)
    assert.equal(world.api.isLive('s1'), false)
    assert.equal(next.view.kind, 'none')
  })

  it('does not end a log-in of the same tab that came first', () => {
    const { world, first } = signedIn(1)
    world.exchange = ({ route }) => (route === 'sign-out' ? { ...quick, thereMs: 'lost' } : quick)
    signOut(first)
    world.time.pass(5 * SECOND_MS)
    const login = first.call({ route: 'log-in', userId: 'bob' })
    world.time.pass(5 * SECOND_MS)
    assert.equal(login.result, 'ok')
    world.exchange = () => quick
    world.time.pass(HOUR_MS / 2)
    assert.ok(first.view.kind === 'active' && first.view.info.userId === 'bob')
    assert.ok(world.api.isLive(first.view.info.handle))
  })

  it('does not end a log-in that no tab has seen, such as a redirect', () => {
    const { world, first } = signedIn(1)
    world.isOnline = false
    signOut(first)
    world.time.pass(5 * SECOND_MS)
    first.kill()
    const { header, ...tokens } = world.api.logIn('bob')
    world.jar = tokens
    world.isOnline = true
    const next = world.openTab()
    world.time.pass(5 * SECOND_MS)
    assert.ok(next.view.kind === 'active' && next.view.info.userId === 'bob')
    assert.ok(world.api.isLive(header.handle))
    assert.equal(next.state.record.signOuts.length, 0)
  })
})

describe('another user who logs in elsewhere in the same jar', () => {
  it('is noticed with the next answer, in every tab', () => {
    const { world, tabs, first } = signedIn(3)
    const { header: _, ...tokens } = world.api.logIn('bob')
    world.jar = tokens
    first.call()
    world.time.pass(SECOND_MS)
    for (const tab of tabs) {
      const changed = tab.events.find(({ kind }) => kind === 'user-changed')
      assert.ok(changed?.kind === 'user-changed')
      assert.deepEqual([changed.from.userId, changed.to.userId], ['alice', 'bob'])
    }
  })

  it('is not undone by a late answer that speaks of the first', () => {
    const { world, tabs, first } = signedIn(2)
    world.exchange = ({ route }) => (route === 'read' ? { thereMs: 20, backMs: 3000 } : quick)
    first.call()
    world.time.pass(100)
    tabs[1]?.call({ route: 'log-in', userId: 'bob' })
    world.time.pass(10 * SECOND_MS)
    for (const tab of tabs) {
      assert.ok(tab.view.kind === 'active' && tab.view.info.userId === 'bob')
      assert.equal(tab.kindsOf('user-changed'), 1)
    }
  })

  it('is not ended by the late refusal of the first', () => {
    const { world, tabs, first } = signedIn(2)
    world.exchange = ({ route }) => (route === 'read' ? { thereMs: 500, backMs: 3000 } : quick)
    world.api.end('s1', 'revoked')
    first.call()
    world.time.pass(100)
    tabs[1]?.call({ route: 'log-in', userId: 'bob' })
    world.time.pass(10 * SECOND_MS)
    for (const tab of tabs) assert.equal(tab.view.kind, 'active')
  })
})

describe('the end of a session', () => {
  const reasons = [
    ['token_theft', 'theft'],
    ['session_ended', 'ended-elsewhere'],
    ['refresh_token_invalid', 'ended-elsewhere'],
    ['no_session', 'ended-elsewhere'],
  ] as const
  for (const [code, reason] of reasons) {
    it(`by ${code} at a refresh is told as ${reason}, in every tab`, () => {
      const { world, tabs, first } = signedIn(2)
      Object.assign(world.api, { refresh: () => ({ kind: 'refused', code }) })
      first.ask('refresh-asked')
      world.time.pass(SECOND_MS)
      for (const tab of tabs) {
        const ended = tab.events.find(({ kind }) => kind === 'ended')
        assert.ok(ended?.kind === 'ended' && ended.reason === reason)
      }
    })
  }

  it('by its longest life is told as expired', () => {
    const { world, first } = signedIn(1)
    first.show(false)
    world.time.pass(91 * 24 * HOUR_MS)
    world.api.end('s1', 'expired')
    first.show(true)
    world.time.pass(SECOND_MS)
    const ended = first.events.find(({ kind }) => kind === 'ended')
    assert.ok(ended?.kind === 'ended' && ended.reason === 'expired')
  })
})

describe('header transport', () => {
  it('keeps one session for all tabs, and presents the token that the storage holds', () => {
    const { world, tabs } = signedIn(4, { holdsTokens: true })
    for (let round = 1; round <= 10; round += 1) {
      world.api.expireNow()
      const calls = tabs.map((tab) => tab.call())
      world.time.pass(3 * 60 * SECOND_MS)
      assert.deepEqual(new Set(calls.map(({ result }) => result)), new Set(['ok']))
      assert.equal(world.api.refreshes.length, round)
    }
    assert.equal(world.api.thefts, 0)
  })

  it('asks nobody when it holds no token', () => {
    const world = new World({ holdsTokens: true })
    let asked = 0
    world.exchange = () => {
      asked += 1
      return quick
    }
    const tab = world.openTab()
    world.time.pass(HOUR_MS)
    assert.equal(tab.view.kind, 'none')
    assert.equal(asked, 0)
  })

  it('ends each session that was signed out offline, and spares the one that came after', () => {
    const { world, first } = signedIn(1, { holdsTokens: true })
    world.exchange = ({ route }) => (route === 'sign-out' ? { ...quick, thereMs: 'lost' } : quick)
    signOut(first)
    world.time.pass(5 * SECOND_MS)
    first.call({ route: 'log-in', userId: 'bob' })
    world.time.pass(5 * SECOND_MS)
    assert.ok(first.view.kind === 'active')
    world.exchange = () => quick
    world.time.pass(5 * 60 * SECOND_MS)
    assert.equal(world.api.isLive('s1'), false)
    assert.ok(world.api.isLive(first.view.info.handle))
    assert.equal(first.state.record.signOuts.length, 0)
  })

  it('keeps its tokens when somebody on the way drops the header that carries them', () => {
    const { world, first } = signedIn(1, { holdsTokens: true })
    const refresh = world.api.refresh
    Object.assign(world.api, { refresh: () => ({ kind: 'refused', code: 'no_session' }) })
    first.ask('refresh-asked')
    world.time.pass(SECOND_MS)
    assert.equal(first.view.kind, 'active')
    assert.equal(first.state.trouble?.kind, 'unreadable')
    Object.assign(world.api, { refresh })
    world.time.pass(5 * 60 * SECOND_MS)
    const results: string[] = []
    first.ask('refresh-asked', (result) => results.push(result))
    world.time.pass(SECOND_MS)
    assert.deepEqual(results, ['done'])
  })

  it('writes a new token down before it is used', () => {
    const { world, first } = signedIn(1, { holdsTokens: true })
    first.ask('refresh-asked')
    world.time.pass(SECOND_MS)
    const held = first.state.record.tokens?.refresh
    assert.ok(held !== undefined && world.storage?.includes(held))
  })
})
