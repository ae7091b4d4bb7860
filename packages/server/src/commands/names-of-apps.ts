import type { RecordStore } from '@pawl/core'

/** The default app, and those in the store; apps that only a program has are not among them. */
export async function namesOfApps(store: RecordStore): Promise<readonly string[]> {
  const records = await store.listRecords('app', '*')
  return [...new Set(['default', ...records.map(({ id }) => id)])]
}
