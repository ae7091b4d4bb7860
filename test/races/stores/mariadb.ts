import type { Store } from '@pawl/core'
import { mysqlStore } from '@pawl/store-mysql'

/** A MySQL or MariaDB store; the place is its URL. */
export async function openStore(place: string): Promise<Store> {
  return mysqlStore({ url: place })
}
