import type { Store } from '@pawl/core'
import { sqliteStore } from '@pawl/store-sqlite'

/** A SQLite store; the place is its file. */
export async function openStore(place: string): Promise<Store> {
  return sqliteStore({ path: place })
}
