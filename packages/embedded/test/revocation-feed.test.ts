import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AppId,
  type EndReason,
  type EpochMs,
  isStoreError,
  type SessionStore,
  type TenantId,
  type UserId,
} from '@pawl/core'
import { REVOCATION_FEED, type RevocationNotices } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import { revocationFeed } from '../src/revocation-feed.ts'
import { revocationTail } from '../src/revocation-tail.ts'
import { manualClock } from './manual-clock.ts'

const APP = 'default' as AppId
const TENANT = 'default' as TenantId
const REASON: EndReason = 'revoked'

/** A feed whose tail looks when told to. */
function setUp() {
  const clock = manualClock()
  const store = memoryStore()
  const reads = { count: 0, fails: false }
  const tasks = new Set<() => void>()
  const troubles: unknown[] = []
  const log: Pick<SessionStore, 'revocationsAfter' | 'revocationsEnd'> = {
    revocationsEnd: () => store.revocationsEnd(),
    revocationsAfter: async (cursor, limit) => {
      reads.count += 1
      if (reads.fails) throw new Error('the store is away')
      return store.revocationsAfter(cursor, limit)
    },
  }
  const tail = revocationTail({
    store: log,
    clock,
    schedule: (task) => {
      tasks.add(task)
      return () => tasks.delete(task)
    },
    onTrouble: (error) => troubles.push(error),
  })
  const fault: { is: string | null } = { is: null }
  const feed = revocationFeed({ tail, clock, clockFault: () => fault.is })
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    ...{ clock, store, reads, tasks, troubles, tail, feed, fault },
    cutOff: (userId: string, app = APP) => {
      const nowMs = clock.nowMs()
      const cut = { beforeMs: nowMs, reason: REASON, nowMs }
      return store.revokeBefore({ app, tenant: TENANT, userId: userId as UserId }, cut)
    },
    /** Runs the look that is due, and what comes of it. */
    look: async () => {
      for (const task of [...tasks]) {
        tasks.delete(task)
        task()
      }
      await settle()
      await settle()
    },
  }
}

function usersOf(page: RevocationNotices): readonly (string | null)[] {
  return page.entries.map((entry) => (entry.kind === 'cut-off' ? entry.userId : entry.handle))
}

test('a page holds what came after the cursor, of this app, and what still matters', async () => {
  const { feed, cutOff, clock } = setUp()
  await cutOff('old')
  clock.advance(REVOCATION_FEED.keptMs + 1)
  await cutOff('ada')
  await cutOff('stranger', 'shop' as AppId)
  const query = { after: null, limit: 500, waitMs: 0 }
  const page = await feed.readPage(APP, query)
  assert.deepEqual(usersOf(page), ['ada'])
  assert.equal(page.isEnd, true)
  await cutOff('bob')
  assert.deepEqual(usersOf(await feed.readPage(APP, { ...query, after: page.cursor })), ['bob'])
})

test('nobody follows: the log is left alone; with the last follower looking ends', async () => {
  const { feed, tail, tasks, look } = setUp()
  tail.nudge()
  assert.equal(tasks.size, 0)
  const stop = new AbortController()
  const pages = feed.follow(APP, { after: null, signal: stop.signal })[Symbol.asyncIterator]()
  await pages.next()
  assert.equal(tasks.size, 1)
  const end = pages.next()
  stop.abort()
  assert.equal((await end).done, true)
  await look()
  assert.equal(tasks.size, 0)
})

test('many followers cost the store one read per revocation', async () => {
  const { feed, cutOff, look, reads } = setUp()
  const stop = new AbortController()
  const followers = Array.from({ length: 20 }, () =>
    feed.follow(APP, { after: null, signal: stop.signal })[Symbol.asyncIterator](),
  )
  await Promise.all(followers.map((pages) => pages.next()))
  await look()
  const before = reads.count
  const news = followers.map((pages) => pages.next())
  await cutOff('ada')
  await look()
  for (const { value } of await Promise.all(news)) assert.deepEqual(usersOf(value), ['ada'])
  assert.equal(reads.count - before, 1)
  stop.abort()
})

test('a follower goes on from its cursor and misses nothing', async () => {
  const { feed, cutOff } = setUp()
  await cutOff('ada')
  const { cursor } = await feed.readPage(APP, { after: null, limit: 500, waitMs: 0 })
  await cutOff('bob')
  await cutOff('eve')
  const stop = new AbortController()
  const pages = feed.follow(APP, { after: cursor, signal: stop.signal })[Symbol.asyncIterator]()
  assert.deepEqual(usersOf((await pages.next()).value), ['bob', 'eve'])
  stop.abort()
})

test('a log that cannot be read is never vouched for: no sign of life, a refusal for the new', async () => {
  const { feed, look, reads, troubles } = setUp()
  const stop = new AbortController()
  const pages = feed.follow(APP, { after: null, signal: stop.signal })[Symbol.asyncIterator]()
  const { cursor } = (await pages.next()).value
  await look()
  reads.fails = true
  let isAnswered = false
  const next = pages.next().finally(() => {
    isAnswered = true
  })
  await look()
  await look()
  assert.equal(isAnswered, false)
  assert.equal(troubles.length, 1)
  const late = feed.follow(APP, { after: cursor, signal: stop.signal })[Symbol.asyncIterator]()
  await assert.rejects(late.next(), /the store is away/)
  stop.abort()
  assert.equal((await next).done, true)
})

test('a waiting call is answered by news, and by the end of the core', async () => {
  const { feed, cutOff, look } = setUp()
  const query = { after: '0', limit: 500, waitMs: 20_000 }
  const news = feed.readPage(APP, query)
  await look()
  await cutOff('ada')
  await look()
  const page = await news
  assert.deepEqual(usersOf(page), ['ada'])
  const waiting = feed.readPage(APP, { ...query, after: page.cursor })
  await look()
  feed.close()
  assert.deepEqual((await waiting).entries, [])
  await assert.rejects(
    feed.readPage(APP, { ...query, after: page.cursor }),
    (error) => isStoreError(error) && error.kind === 'closed',
  )
})

test('waiting calls are bounded', async () => {
  const { feed } = setUp()
  const query = { after: null, limit: 500, waitMs: 20_000 }
  const waiting = Array.from({ length: 256 }, () => feed.readPage(APP, query))
  await assert.rejects(
    feed.readPage(APP, query),
    (error) => isStoreError(error) && error.kind === 'unavailable',
  )
  feed.close()
  await Promise.all(waiting)
})

test('times of entries are the cores own', async () => {
  const { feed, cutOff, clock } = setUp()
  await cutOff('ada')
  const page = await feed.readPage(APP, { after: null, limit: 1, waitMs: 0 })
  assert.equal(page.entries[0]?.atMs, clock.nowMs() as EpochMs)
  assert.equal(page.isEnd, false)
})

test('a core whose clock is ahead hides no entry of the others', async () => {
  const { feed, cutOff, clock } = setUp()
  await cutOff('ada')
  await cutOff('bob')
  clock.advance(3 * 3_600_000)
  const query = { after: null, limit: 500, waitMs: 0 }
  assert.deepEqual(usersOf(await feed.readPage(APP, query)), ['ada', 'bob'])
  // Its own entry, from the future, does not make those of the others old either.
  await cutOff('eve')
  clock.advance(-3 * 3_600_000)
  assert.deepEqual(usersOf(await feed.readPage(APP, query)), ['ada', 'bob', 'eve'])
})

test('while the clock is not to be trusted nothing is vouched for: the feed breaks off', async () => {
  const { feed, cutOff, look, fault } = setUp()
  const { signal } = new AbortController()
  const pages = feed.follow(APP, { after: null, signal })[Symbol.asyncIterator]()
  const { cursor } = (await pages.next()).value
  await look()
  const isRefused = (error: unknown) =>
    isStoreError(error) && /the clocks differ/.test(error.message)
  const next = assert.rejects(pages.next(), isRefused)
  const query = { after: cursor, limit: 500, waitMs: 0 }
  const waiting = assert.rejects(feed.readPage(APP, { ...query, waitMs: 20_000 }), isRefused)
  fault.is = 'the clocks differ'
  await look()
  await Promise.all([next, waiting])
  await assert.rejects(feed.readPage(APP, query), isRefused)
  const late = feed.follow(APP, { after: cursor, signal })[Symbol.asyncIterator]()
  await assert.rejects(late.next(), isRefused)
  await cutOff('ada')
  fault.is = null
  assert.deepEqual(usersOf(await feed.readPage(APP, query)), ['ada'])
})
