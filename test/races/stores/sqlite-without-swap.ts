import type { Store } from '@pawl/core'
import { sqliteStore } from '@pawl/store-sqlite'

/** A store with a fault: it rotates from whatever hash is current. The races must find it out. */
export async function openStore(place: string): Promise<Store> {
  const store = sqliteStore({ path: place })
  return {
    ...store,
    rotate: async (key, rotation) => {
      const session = await store.find(key)
      const expected = session?.curHash2 ?? rotation.expected
      return store.rotate(key, { ...rotation, expected })
    },
  }
}
