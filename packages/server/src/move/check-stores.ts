import { randomUUID } from 'node:crypto'
import { isStoreError, type Store } from '@pawl/core'
import { MOVE_RECORD } from '@pawl/embedded'
import { type MoveState, newMove, readMove } from './move-state.ts'

/** Whether a move may begin or go on; else why not, in a sentence. */
export type MoveCheck =
  | { readonly kind: 'new' | 'resumed'; readonly state: MoveState }
  | { readonly kind: 'refused'; readonly sentence: string }

const FINGERPRINT = { kind: 'master-secret', app: '*', id: 'fingerprint' } as const

/**
 * Looks at both stores before anything is copied. The source is only read. Refuses the same store
 * on both sides, a target without current tables, one of another master secret, one that holds
 * anything of its own, and one into which another store is being moved. Throws a `StoreError`.
 */
export async function checkStores(source: Store, target: Store, from: string): Promise<MoveCheck> {
  const schemaFault = await faultOfSchema(target)
  if (schemaFault !== undefined) return refused(schemaFault)
  if (await isSameStore(source, target)) {
    return refused('--from and --to lead to the same store: there is nothing to move')
  }
  if ((await readMove(source))?.isComplete === false) {
    return refused('the move into the store of --from is not complete: finish that one first')
  }
  const [ours, theirs] = [await fingerprintOf(source), await fingerprintOf(target)]
  if (ours === undefined) {
    return refused('the store of --from has never had a core: there is nothing to move')
  }
  if (theirs !== undefined && theirs !== ours) {
    return refused(
      'the store of --to was set up with another master secret: its cores could open none of the tokens',
    )
  }
  const state = await readMove(target)
  if (state === undefined) {
    if (await holdsAnything(target)) {
      return refused(
        'the store of --to holds sessions or settings of its own: move into an empty one',
      )
    }
    return { kind: 'new', state: newMove(from) }
  }
  if (state.from === from) return { kind: 'resumed', state }
  return refused(`the store of --to is in the middle of a move from ${state.from}`)
}

function refused(sentence: string): MoveCheck {
  return { kind: 'refused', sentence }
}

/** What is wrong with the target's tables. Engines without any make what they need. */
async function faultOfSchema(target: Store): Promise<string | undefined> {
  try {
    await target.walkSessions(null, 1)
    await target.migrate()
    return undefined
  } catch (error) {
    if (!isStoreError(error) || error.kind !== 'schema') throw error
    return `the store of --to is not ready (run pawl migrate on it): ${error.message}`
  }
}

/** Whether what is written to one can be read in the other. */
async function isSameStore(source: Store, target: Store): Promise<boolean> {
  const probe = { ...MOVE_RECORD, id: `probe-${randomUUID()}` }
  await target.insertRecord(probe, '{}')
  try {
    return (await source.findRecord(probe)) !== undefined
  } finally {
    await target.deleteRecord(probe)
  }
}

async function fingerprintOf(store: Store): Promise<string | undefined> {
  const record = await store.findRecord(FINGERPRINT)
  if (record === undefined) return undefined
  return (JSON.parse(record.value) as { fingerprint?: string }).fingerprint
}

/** Whether a store holds more than a fingerprint. */
async function holdsAnything(store: Store): Promise<boolean> {
  const [sessions, cutOffs, records] = [
    await store.walkSessions(null, 1),
    await store.walkCutOffs(null, 1),
    await store.walkRecords(null, 3),
  ]
  const own = records.items.filter(({ kind }) => kind !== FINGERPRINT.kind)
  return sessions.items.length + cutOffs.items.length + own.length > 0 || sessions.next !== null
}
