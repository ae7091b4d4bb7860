import { after, before } from 'node:test'
import type { Store } from '@pawl/core'

/** A fresh database and the store on it. */
export interface OpenedStore {
  /** On an empty database; `migrate` need not have been called. */
  readonly store: Store
  /**
   * Opens a further store on the same database, as another process would. Null only for a store
   * whose database dies with it.
   */
  readonly reopen: (() => Promise<Store>) | null
  /** Lets go of the database. `store` and what `reopen` gave have been closed before. */
  readonly close: () => Promise<void>
}

/** Makes a fresh, empty database. Called several times in a run. */
export type OpenStore = () => Promise<OpenedStore>

/** What a suite works on. */
export interface Subject {
  /** The store. */
  readonly store: Store
  /** One of several stores on the same database, for calls that are to race. */
  readonly peer: (index: number) => Store
  /** One more, to be closed by {@link Subject.end}; null if the database dies with its store. */
  readonly reopen: (() => Promise<Store>) | null
  readonly end: () => Promise<void>
}

/** How many stores share the database in races. */
const PEERS = 3

/** Opens and migrates a fresh database with several stores on it. */
export async function openSubject(open: OpenStore): Promise<Subject> {
  const { store, reopen, close } = await open()
  await store.migrate()
  const stores = [store]
  const openMore =
    reopen === null
      ? null
      : async () => {
          const more = await reopen()
          stores.push(more)
          return more
        }
  while (openMore !== null && stores.length < PEERS) await openMore()
  const peers = [...stores]
  return {
    store,
    peer: (index) => peers[index % peers.length] ?? store,
    reopen: openMore,
    end: async () => {
      for (const each of stores) await each.close()
      await close()
    },
  }
}

/** Opens a subject before the tests of this `describe` and ends it after them. */
export function useSubject(open: OpenStore): () => Subject {
  let subject: Subject | undefined
  before(async () => {
    subject = await openSubject(open)
  })
  after(async () => {
    await subject?.end()
  })
  return () => {
    if (subject === undefined) throw new Error('the store is used before it was opened')
    return subject
  }
}
