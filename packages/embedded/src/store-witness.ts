import { type RecordStore, type SessionStore, StoreError } from '@pawl/core'
import type { SecretRing } from './master-secret.ts'
import { readStoreMark, type StoreMark } from './secret-fingerprint.ts'
import { takeTurns } from './take-turns.ts'

const LOST =
  'the store is not the one that this core was started with: its mark is gone or another one, so ' +
  'it was emptied, or the way to it leads elsewhere. Nobody is told that a session has ended: put ' +
  'the store back, or start the cores anew to go on with this one'

/**
 * Remembers which store a core was started with. Resolves if the store at hand is still that one,
 * else throws `StoreError('unavailable')`. It is asked after it was called, by one read at a time,
 * which all who call meanwhile share.
 */
export async function openStoreWitness(
  store: RecordStore,
  secrets: SecretRing,
): Promise<() => Promise<void>> {
  const first = await readStoreMark(store)
  const check = takeTurns(async () => {
    if (!isSame(first, await readStoreMark(store), secrets)) {
      throw new StoreError('unavailable', LOST)
    }
  })
  return () => check(true)
}

/**
 * A store whose mark an older core has left, or replaced, has no name: it is known by its secret,
 * of which one that was put there since may not be ours yet.
 */
function isSame(
  first: StoreMark | undefined,
  now: StoreMark | undefined,
  secrets: SecretRing,
): boolean {
  if (first === undefined || now === undefined) return false
  if (first.store !== undefined && now.store !== undefined) return first.store === now.store
  if (secrets.all.some(({ fingerprint }) => fingerprint === now.fingerprint)) return true
  return now.version > first.version
}

/**
 * The store, but a session that it does not find is missing only if the store is still the one that
 * was opened: an emptied or foreign one would sign everybody out for good.
 */
export function witnessedStore(store: SessionStore, check: () => Promise<void>): SessionStore {
  const sure = async (isDone: boolean): Promise<boolean> => {
    if (!isDone) await check()
    return isDone
  }
  return {
    ...store,
    async find(key) {
      const session = await store.find(key)
      if (session === undefined) await check()
      return session
    },
    async rotate(key, rotation) {
      const outcome = await store.rotate(key, rotation)
      if (outcome === undefined) await check()
      return outcome
    },
    updateClaims: async (key, claims) => sure(await store.updateClaims(key, claims)),
    updateData: async (key, data) => sure(await store.updateData(key, data)),
    revoke: async (key, revocation) => sure(await store.revoke(key, revocation)),
  }
}
