import type { Store } from '@pawl/core'
import { mongodbStore } from '@pawl/store-mongodb'

/** A MongoDB store; the place is its URL. */
export async function openStore(place: string): Promise<Store> {
  return mongodbStore({ url: place, connectTimeoutMs: 30_000, answerTimeoutMs: 30_000 })
}
