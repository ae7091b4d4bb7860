import type { RecordStore } from '@pawl/core'

const LATEST_KEY = { kind: 'clock', app: '*', id: 'latest' } as const

/** The latest time that a core of this store has stored; undefined if none has. */
export async function findLatestTime(store: RecordStore): Promise<number | undefined> {
  const record = await store.findRecord(LATEST_KEY)
  return record === undefined ? undefined : timeIn(record.value)
}

/**
 * Stores a time that is later than the stored one. An earlier one is stored only where that one is
 * more than `excessMaxMs` ahead. Of cores that write at once one wins: the next time of each puts
 * right what was left behind.
 */
export async function storeLatestTime(
  store: RecordStore,
  nowMs: number,
  excessMaxMs: number,
): Promise<void> {
  const record = await store.findRecord(LATEST_KEY)
  const value = JSON.stringify({ atMs: nowMs })
  if (record === undefined) {
    await store.insertRecord(LATEST_KEY, value)
    return
  }
  const aheadMs = timeIn(record.value) - nowMs
  if (aheadMs < 0 || aheadMs > excessMaxMs) {
    await store.replaceRecord(record, record.version, value)
  }
}

function timeIn(value: string): number {
  const { atMs } = JSON.parse(value) as { atMs?: unknown }
  return typeof atMs === 'number' ? atMs : Number.NEGATIVE_INFINITY
}
