import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, EpochMs, SessionStore, Store, TenantId, UserId } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { type SweeperOptions, startSweeper } from '../src/sweeper.ts'

const DAY_MS = 86_400_000
const NOW_MS = 1_800_000_000_000

/** A sweeper whose timer the test runs. */
function openSweeper(store: SessionStore, nowMs: () => number, more: Partial<SweeperOptions> = {}) {
  const troubles: unknown[] = []
  const due: { task: () => void; delayMs: number }[] = []
  const sweeper = startSweeper({
    store,
    clock: { nowMs: () => nowMs() as EpochMs },
    storeMs: async () => null,
    clockFault: () => null,
    onTrouble: (error) => troubles.push(error),
    schedule: (task, delayMs) => {
      due.push({ task, delayMs })
      return () => {}
    },
    ...more,
  })
  /** Runs what is due; gives back after how long the next sweep will be. */
  const runDue = async (): Promise<number> => {
    due.shift()?.task()
    while (due.length === 0) await new Promise((resolve) => setImmediate(resolve))
    return due[0]?.delayMs ?? 0
  }
  return { ...sweeper, troubles, runDue }
}

/** Users who signed out everywhere, one cut-off each. */
async function cutOff(store: Store, users: number): Promise<void> {
  for (let index = 0; index < users; index += 1) {
    const userId = `user ${index}` as UserId
    const scope = { app: 'default' as AppId, tenant: 'default' as TenantId, userId }
    const nowMs = NOW_MS as EpochMs
    await store.revokeBefore(scope, { beforeMs: nowMs, reason: 'revoked', nowMs })
  }
}

test('cut-offs that cover nothing go a day later, however many there are', async (t) => {
  const store = memoryStore()
  let nowMs = NOW_MS + DAY_MS
  const sweeper = openSweeper(store, () => nowMs)
  t.after(() => sweeper.stop())
  await cutOff(store, 450)
  await sweeper.sweep()
  assert.equal((await store.walkCutOffs(null, 500)).items.length, 450)
  nowMs += 1
  assert.equal(await sweeper.sweep(), 450)
  assert.deepEqual((await store.walkCutOffs(null, 500)).items, [])
})

test('a sweep looks at so many cut-offs, and the next goes on behind them', async (t) => {
  const store = memoryStore()
  const asked: (string | null)[] = []
  const endless: Store = {
    ...store,
    sweepCutOffs: async ({ after }) => {
      asked.push(after)
      return { deleted: 0, next: String(asked.length) }
    },
  }
  const sweeper = openSweeper(endless, () => NOW_MS)
  t.after(() => sweeper.stop())
  await sweeper.sweep()
  assert.deepEqual([asked[0], asked.length], [null, 50])
  await sweeper.sweep()
  assert.deepEqual([asked[50], asked.length], ['50', 100])
})

test('a core whose clock is ahead sweeps by the clock of the store, and not at all when in doubt', async (t) => {
  const asked: number[] = []
  const store: Store = {
    ...memoryStore(),
    deleteExpired: async (nowMs) => asked.push(nowMs) && 0,
  }
  let fault: string | null = null
  const sweeper = openSweeper(store, () => NOW_MS + 15 * DAY_MS, {
    storeMs: async () => NOW_MS,
    clockFault: () => fault,
  })
  t.after(() => sweeper.stop())
  await sweeper.sweep()
  assert.deepEqual(asked, [NOW_MS])
  fault = 'the clocks differ'
  assert.equal(await sweeper.sweep(), 0)
  assert.equal(asked.length, 1)
  const behind = openSweeper(store, () => NOW_MS - 5_000, { storeMs: async () => NOW_MS })
  t.after(() => behind.stop())
  await behind.sweep()
  assert.equal(asked.at(-1), NOW_MS - 5_000)
})

test('a part that fails keeps no other from being swept', async (t) => {
  const broken: Store = {
    ...memoryStore(),
    deleteExpired: async () => {
      throw new Error('a slow round')
    },
    trimRevocations: async () => 3,
  }
  const sweeper = openSweeper(broken, () => NOW_MS + DAY_MS + 1)
  t.after(() => sweeper.stop())
  await cutOff(broken, 2)
  await assert.rejects(sweeper.sweep(), /a slow round/)
  assert.deepEqual((await broken.walkCutOffs(null, 500)).items, [])
  assert.ok((await sweeper.runDue()) >= 60_000)
  assert.match(String(sweeper.troubles), /a slow round/)
})

test('what a sweep left behind is swept soon, and said if it stays behind', async (t) => {
  let left = 10_500
  const full: Store = {
    ...memoryStore(),
    deleteExpired: async (_nowMs, limit) => {
      const deleted = Math.min(limit, left)
      left -= deleted
      return deleted
    },
  }
  const sweeper = openSweeper(full, () => NOW_MS)
  t.after(() => sweeper.stop())
  assert.equal(await sweeper.runDue(), 1_000)
  assert.equal(left, 500)
  assert.ok((await sweeper.runDue()) >= 60_000)
  assert.equal(left, 0)
  left = Number.POSITIVE_INFINITY
  for (let sweeps = 0; sweeps < 600; sweeps++) assert.equal(await sweeper.runDue(), 1_000)
  assert.match(String(sweeper.troubles), /the store grows/)
  assert.equal(sweeper.troubles.length, 1)
})
