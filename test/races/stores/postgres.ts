import type { Store } from '@pawl/core'
import { postgresStore } from '@pawl/store-postgres'

/** A PostgreSQL store; the place is its URL. */
export async function openStore(place: string): Promise<Store> {
  return postgresStore({ url: place })
}
