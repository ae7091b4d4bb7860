import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPawl, type PawlEvent } from '@pawl/node'
import {
  type CoreApi,
  ok,
  type RevocationNotice,
  type RevocationNotices,
  refuse,
} from '@pawl/protocol'
import { fakeCore } from '../support/fake-core.ts'
import { packLineage, signer } from '../support/signer.ts'
import { manualSchedule, testClock } from '../support/test-clock.ts'

const ours = signer('ES256', 'd-1')
const handleOf = (name: string) => name.padEnd(22, 'x')
const ended = (name: string, reason = 'revoked'): RevocationNotice => ({
  kind: 'session',
  handle: handleOf(name),
  tenant: 'default',
  atMs: 1_800_000_000_000,
  reason,
})

/** A driver whose feed is fed by hand: `feed` resolves once a page was taken in. */
async function setUp(first: RevocationNotice[] = [], more: Partial<CoreApi> = {}) {
  const clock = testClock()
  const schedule = manualSchedule()
  const told: PawlEvent[] = []
  let next = Promise.withResolvers<RevocationNotice[]>()
  let taken = Promise.withResolvers<void>()
  const page = (entries: RevocationNotice[]): RevocationNotices => ({
    ...{ entries, cursor: 'c', isEnd: true, asOfMs: clock.now },
  })
  const core = fakeCore(
    {
      ...more,
      async *followRevocations({ signal }) {
        yield page(first)
        signal.addEventListener('abort', () => next.resolve([]))
        while (!signal.aborted) {
          const entries = await next.promise
          next = Promise.withResolvers()
          yield page(entries)
          taken.resolve()
        }
      },
    },
    [ours.jwk],
  )
  const pawl = createPawl({
    ...{ core, clock: clock.nowMs, schedule: schedule.schedule, onFault: () => {} },
    onSessionEnd: (event) => told.push(event),
  })
  const feed = async (...entries: RevocationNotice[]): Promise<void> => {
    taken = Promise.withResolvers()
    next.resolve(entries)
    await taken.promise
  }
  const names = () => told.map(({ handle }) => handle.replace(/x+$/, ''))
  await pawl.ready()
  return { clock, schedule, told, pawl, feed, names }
}

test('onSessionEnd tells of sessions that ended elsewhere, once each, with the reason', async () => {
  const { feed, schedule, told, pawl } = await setUp()
  await feed(ended('a', 'sign-out'), ended('b', 'theft'))
  await feed(ended('a', 'sign-out'))
  assert.equal(told.length, 0)
  schedule.run()
  assert.deepEqual(
    told.map((event) => event.kind === 'ended' && [event.handle, event.reason, event.tenant]),
    [
      [handleOf('a'), 'sign-out', 'default'],
      [handleOf('b'), 'theft', 'default'],
    ],
  )
  await pawl.close()
  assert.equal(told.length, 2)
})

test('what had ended before the driver came up is not told', async () => {
  const { feed, schedule, names, pawl } = await setUp([ended('old')])
  await feed(ended('old'), ended('new'))
  schedule.run()
  assert.deepEqual(names(), ['new'])
  await pawl.close()
})

test('what this driver ended itself is told once, by the call that knows the user', async () => {
  const { feed, schedule, told, pawl } = await setUp([], {
    revokeSessions: async () => ok({ handles: [handleOf('own')] }),
  })
  await feed(ended('own'))
  await pawl.revokeAll('ada')
  schedule.run()
  assert.equal(told.length, 1)
  assert.equal(told[0]?.kind === 'ended' && told[0].userId, 'ada')
  await pawl.close()
})

test('a driver that closes tells what waited', async () => {
  const { feed, names, pawl } = await setUp()
  await feed(ended('last'))
  await pawl.close()
  assert.deepEqual(names(), ['last'])
})

test('a session that a cut-off covers is told of when it shows itself', async () => {
  const { feed, told, pawl, clock } = await setUp()
  const token = ours.token({ sid: handleOf('cut'), lin: packLineage() })
  assert.equal((await pawl.verify(token)).kind, 'ok')
  await feed({
    ...{ kind: 'cut-off', userId: 'alice', tenant: 'default', reason: 'revoked' },
    ...{ beforeMs: clock.now, atMs: clock.now },
  })
  assert.equal(told.length, 0)
  for (let call = 0; call < 3; call++) {
    const outcome = await pawl.verify(token)
    assert.equal(outcome.kind === 'refused' && outcome.code, 'session_ended')
  }
  assert.deepEqual(
    told.map((event) => event.kind === 'ended' && [event.handle, event.userId]),
    [[handleOf('cut'), 'alice']],
  )
  await pawl.close()
})

test('a session that the core calls ended while the feed is stale is told of with its reason', async () => {
  const { told, pawl, clock } = await setUp([], {
    verifySession: async () =>
      refuse('session_ended', undefined, {
        session: { handle: handleOf('gone'), userId: 'alice', tenant: 'default', reason: 'limit' },
      }),
  })
  clock.advance(6_000)
  const outcome = await pawl.verify(ours.token({ sid: handleOf('gone'), lin: packLineage() }))
  assert.equal(outcome.kind, 'refused')
  assert.equal(told[0]?.kind === 'ended' && told[0].reason, 'limit')
  await pawl.close()
})
