import type { Store } from '@pawl/core'
import { redisStore } from '@pawl/store-redis'

/** A Redis store; the place is its URL. */
export async function openStore(place: string): Promise<Store> {
  return redisStore({ url: place })
}
