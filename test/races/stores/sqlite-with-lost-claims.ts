import type { Store } from '@pawl/core'
import { sqliteStore } from '@pawl/store-sqlite'

/** A store with a fault: its rotation writes whole rows, and so undoes claims written meanwhile. */
export async function openStore(place: string): Promise<Store> {
  const store = sqliteStore({ path: place })
  return {
    ...store,
    rotate: async (key, rotation) => {
      const session = await store.find(key)
      const outcome = await store.rotate(key, rotation)
      if (session === undefined || !outcome?.advanced) return outcome
      await store.updateClaims(key, session.claims)
      return { ...outcome, session: { ...outcome.session, claims: session.claims } }
    },
  }
}
