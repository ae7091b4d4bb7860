import type { RecordKey, RecordStore } from '@pawl/core'
import type { SecretRing } from './master-secret.ts'
import { matchSecret } from './secret-fingerprint.ts'

/**
 * The record by which a store knows that another is being moved into it. Its value is JSON with
 * `isComplete`; the rest is the mover's own.
 */
export const MOVE_RECORD: RecordKey = { kind: 'move', app: '*', id: 'state' }

const UNFINISHED =
  'the move into this store is not complete: run pawl move once more, with no core on the store ' +
  'it comes from'

/**
 * Makes a store this core's own: its secret must be the store's, and a move into it must be
 * complete. From then on the store has a life of its own, and no move goes on into it. Throws a
 * sentence, or a `WrongSecretError`.
 */
export async function claimStore(store: RecordStore, secrets: SecretRing): Promise<void> {
  const move = await store.findRecord(MOVE_RECORD)
  const state = JSON.parse(move?.value ?? '{"isComplete":true}') as { isComplete?: boolean }
  if (state.isComplete !== true) throw new Error(UNFINISHED)
  await matchSecret(store, secrets)
  if (move !== undefined) await store.deleteRecord(MOVE_RECORD)
}
