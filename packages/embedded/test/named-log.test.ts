import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, EpochMs, Store, TenantId } from '@pawl/core'
import { memoryStore } from '@pawl/store-testkit'
import { namedLog } from '../src/named-log.ts'

const tenant = { app: 'default' as AppId, tenant: 'default' as TenantId, userId: null }

function revoke(store: Store, atMs: number): Promise<void> {
  const nowMs = atMs as EpochMs
  return store.revokeBefore(tenant, { beforeMs: nowMs, reason: 'revoked', nowMs })
}

async function timesAfter(store: Store, cursor: string | null): Promise<readonly number[]> {
  const page = await namedLog(store).revocationsAfter(cursor, 500)
  return page.entries.map(({ atMs }) => atMs)
}

test('a cursor goes on where it was, at any core of the same store', async () => {
  const store = memoryStore()
  await revoke(store, 1)
  const end = await namedLog(store).revocationsEnd()
  const { cursor } = await namedLog(store).revocationsAfter(null, 500)
  assert.equal(cursor, end)
  await revoke(store, 2)
  assert.deepEqual(await timesAfter(store, end), [2])
})

test('a cursor of another store reads from the oldest entry, however far it had come', async () => {
  const [old, fresh] = [memoryStore(), memoryStore()]
  for (const atMs of [1, 2, 3]) await revoke(old, atMs)
  const { cursor } = await namedLog(old).revocationsAfter(null, 2)
  for (const atMs of [3, 4, 5]) await revoke(fresh, atMs)
  assert.deepEqual(await timesAfter(old, cursor), [3])
  assert.deepEqual(await timesAfter(fresh, cursor), [3, 4, 5])
  for (const stranger of [null, '', '2', 'x.2']) {
    assert.deepEqual(await timesAfter(fresh, stranger), [3, 4, 5])
  }
})

test('trouble with the name is tried again', async () => {
  const store = memoryStore()
  let faults = 1
  const failing: Store = {
    ...store,
    insertRecord: async (...record) => {
      faults -= 1
      if (faults >= 0) throw new Error('no answer')
      return store.insertRecord(...record)
    },
  }
  const log = namedLog(failing)
  await assert.rejects(log.revocationsEnd(), /no answer/)
  assert.match(await log.revocationsEnd(), /^[\w-]{8}\.0$/)
})
