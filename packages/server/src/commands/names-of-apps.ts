import type { RecordStore, Store } from '@pawl/core'
import { pagesOf } from '../move/walk-all.ts'

/** The default app, and those in the store; apps that only a program has are not among them. */
export async function namesOfApps(store: RecordStore): Promise<readonly string[]> {
  const records = await store.listRecords('app', '*')
  return [...new Set(['default', ...records.map(({ id }) => id)])]
}

/** The same, and every app that anything is kept for: one that only a program has, or had. */
export async function namesOfAllApps(store: Store): Promise<readonly string[]> {
  const names = new Set(await namesOfApps(store))
  for await (const { items } of pagesOf((after, limit) => store.walkRecords(after, limit))) {
    for (const { app } of items) names.add(app)
  }
  names.delete('*')
  return [...names]
}
