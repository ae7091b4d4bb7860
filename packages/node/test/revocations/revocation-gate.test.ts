import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Outcome, ok, refuse, type VerifiedSession } from '@pawl/protocol'
import { FEED_DEFAULTS, type RevocationFeedOptions } from '../../src/revocations/feed-options.ts'
import { freshNotes, makeRevocationGate } from '../../src/revocations/revocation-gate.ts'
import { makeRevokedMemory } from '../../src/revocations/revoked-memory.ts'
import { testClock } from '../support/test-clock.ts'

const SESSION = {
  ...{ handle: 'h1', userId: 'ada', tenant: 'default', claims: {} },
  ...{ issuedAtMs: 0, expiresAtMs: 0, lineage: { id: 'x', parent: null, generation: 0 } },
} satisfies VerifiedSession

function setUp(options: RevocationFeedOptions = {}) {
  const clock = testClock()
  const memory = makeRevokedMemory(1_000)
  const follower = { headAtMs: Number.NEGATIVE_INFINITY, started: 0, start: () => {} }
  follower.start = () => {
    follower.started += 1
  }
  const asked: PromiseWithResolvers<Outcome<VerifiedSession>>[] = []
  const faults: string[] = []
  const gate = makeRevocationGate({
    core: {
      verifySession: () => {
        const answer = Promise.withResolvers<Outcome<VerifiedSession>>()
        asked.push(answer)
        return answer.promise
      },
    },
    memory,
    follower,
    options: { ...FEED_DEFAULTS, ...options },
    nowMs: clock.nowMs,
    reportFault: ({ message }) => faults.push(message),
  })
  const entryOf = (more: Partial<VerifiedSession> = {}) => {
    const session = { ...SESSION, ...more }
    return { session, outcome: ok(session), mintedAtMs: clock.now, gate: freshNotes() }
  }
  const pass = (entry = entryOf()) => gate.pass('token', entry, clock.now)
  return { clock, memory, follower, asked, faults, entryOf, pass }
}

const codeOf = (outcome: Outcome<unknown>) => (outcome.kind === 'ok' ? 'ok' : outcome.code)

test('a driver that has not caught up yet asks the core, and starts to follow', async () => {
  const { follower, asked, pass, clock } = setUp()
  const pending = pass()
  assert.ok(pending instanceof Promise)
  asked[0]?.resolve(refuse('session_ended'))
  assert.equal(codeOf(await pending), 'session_ended')
  assert.equal(follower.started, 1)
  follower.headAtMs = clock.now
  assert.ok(!(pass() instanceof Promise))
})

test('the feed is stale after its bound to the millisecond, and if the clock was set back', () => {
  const { follower, pass, clock } = setUp()
  follower.headAtMs = clock.now
  clock.advance(5_000)
  assert.ok(!(pass() instanceof Promise))
  clock.advance(1)
  assert.ok(pass() instanceof Promise)
  clock.advance(-10_002)
  assert.ok(pass() instanceof Promise)
})

test('while stale, one token is asked about once at a time and once a second', async () => {
  const { asked, pass, entryOf, clock } = setUp()
  const entry = entryOf()
  const both = [pass(entry), pass(entry)]
  assert.equal(asked.length, 1)
  asked[0]?.resolve(entry.outcome)
  assert.deepEqual((await Promise.all(both)).map(codeOf), ['ok', 'ok'])
  clock.advance(999)
  assert.ok(!(pass(entry) instanceof Promise))
  clock.advance(1)
  assert.ok(pass(entry) instanceof Promise)
})

test('a displaced grant passes while stale; an ended session is not asked about again', async () => {
  const { asked, pass, entryOf } = setUp()
  const displaced = pass()
  asked[0]?.resolve(refuse('refresh_first'))
  assert.equal(codeOf(await displaced), 'ok')
  const entry = entryOf({ handle: 'h2' })
  const ended = pass(entry)
  asked[1]?.resolve(refuse('session_ended'))
  assert.equal(codeOf(await ended), 'session_ended')
  const again = pass(entry)
  assert.ok(!(again instanceof Promise) && codeOf(again) === 'session_ended')
})

test('a silent core is asked by one request at a time; the others do not wait', async () => {
  const { asked, pass, clock, faults } = setUp()
  const first = pass()
  asked[0]?.resolve(refuse('unavailable'))
  assert.equal(codeOf(await first), 'ok')
  assert.equal(codeOf(await pass()), 'ok')
  assert.equal(asked.length, 1)
  clock.advance(500)
  const probe = pass()
  assert.equal(codeOf(await pass()), 'ok')
  assert.equal(asked.length, 2)
  asked[1]?.resolve(ok(SESSION))
  assert.equal(codeOf(await probe), 'ok')
  assert.equal(faults.length, 1)
})

test('verification without feed and core ends with its bound', async () => {
  const { asked, pass, clock } = setUp({ coreDownSeconds: 10 })
  const answer = async () => {
    const pending = pass()
    asked.at(-1)?.resolve(refuse('unavailable'))
    return codeOf(await pending)
  }
  assert.equal(await answer(), 'ok')
  clock.advance(9_999)
  assert.equal(await answer(), 'ok')
  clock.advance(1)
  assert.equal(await answer(), 'unavailable')
})

test('news that come while the core is asked count', async () => {
  const { asked, pass, memory, clock } = setUp()
  const pending = pass()
  const atMs = clock.now
  memory.take(
    [{ kind: 'session', handle: 'h1', tenant: 'default', atMs, reason: 'theft' }],
    clock.now,
  )
  asked[0]?.resolve(ok(SESSION))
  assert.equal(codeOf(await pending), 'session_ended')
})

test('a doubt that the core cannot settle is 503, whatever the policy', async () => {
  const { asked, pass, memory, follower, entryOf, clock } = setUp({ onStale: 'go-on' })
  follower.headAtMs = clock.now
  const entry = entryOf({ lineage: { id: 'x', parent: 'y', generation: 2 } })
  const cutOff = { kind: 'cut-off', userId: 'ada', tenant: 'default', reason: 'revoked' } as const
  memory.take([{ ...cutOff, beforeMs: clock.now - 1_000, atMs: clock.now }], clock.now)
  const pending = pass(entry)
  asked[0]?.resolve(refuse('unavailable'))
  assert.equal(codeOf(await pending), 'unavailable')
  clock.advance(500)
  const cleared = pass(entry)
  asked[1]?.resolve(entry.outcome)
  assert.equal(codeOf(await cleared), 'ok')
  assert.ok(!(pass(entry) instanceof Promise))
})
