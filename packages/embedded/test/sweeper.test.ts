import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, EpochMs, Store, TenantId, UserId } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { startSweeper } from '../src/sweeper.ts'

const DAY_MS = 86_400_000
const NOW_MS = 1_800_000_000_000

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
  const clock = { nowMs: () => nowMs as EpochMs }
  const sweeper = startSweeper(store, clock, assert.ifError)
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
  const clock = { nowMs: () => NOW_MS as EpochMs }
  const sweeper = startSweeper(endless, clock, assert.ifError)
  t.after(() => sweeper.stop())
  await sweeper.sweep()
  assert.deepEqual([asked[0], asked.length], [null, 50])
  await sweeper.sweep()
  assert.deepEqual([asked[50], asked.length], ['50', 100])
})
