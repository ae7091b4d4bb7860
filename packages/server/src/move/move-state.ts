import type { RecordStore, Store } from '@pawl/core'
import { MOVE_RECORD } from '@pawl/embedded'

/** How far a move has come. It is kept in the store that is moved into. */
export interface MoveState {
  /** Where it moves from, as a person would name it, without a password. */
  readonly from: string
  /** Verified: a core may start here. A further pass makes it false until it is verified too. */
  readonly isComplete: boolean
  /** Where in the walk over the sessions it stands; null at the start, and after the end. */
  readonly sessionsAfter: string | null
  /** Sessions copied by the pass that is under way. */
  readonly sessionsCopied: number
  /** Sessions that the source held when the pass began. */
  readonly sessionsTotal: number
  /** Where it stands in the revocation log. */
  readonly logAfter: string | null
}

/** The state of a move that has not begun. */
export function newMove(from: string): MoveState {
  return {
    ...{ from, isComplete: false, sessionsAfter: null, sessionsCopied: 0, sessionsTotal: 0 },
    logAfter: null,
  }
}

/** What the store knows of a move into it; undefined if there is none. */
export async function readMove(store: RecordStore): Promise<MoveState | undefined> {
  const record = await store.findRecord(MOVE_RECORD)
  return record === undefined ? undefined : (JSON.parse(record.value) as MoveState)
}

/** Remembers in the target how far the move has come. */
export async function writeMove(target: Store, state: MoveState): Promise<void> {
  await target.put({ records: [{ ...MOVE_RECORD, version: 1, value: JSON.stringify(state) }] })
}
