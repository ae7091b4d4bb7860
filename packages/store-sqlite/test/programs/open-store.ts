import { sqliteStore } from '@pawl/store-sqlite'

/** The store that the programs of these tests work on: the file is their first argument. */
export function openStore() {
  const [, , file = ''] = process.argv
  return sqliteStore({ path: file })
}
