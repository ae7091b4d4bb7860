import { isStoreError, type StoreErrorKind } from '@pawl/core'
import type { Database } from './database.ts'
import { isBusy, toStoreError } from './errors.ts'
import { performWrite, type WriteName, type WriteOutput, type WriteRequest } from './writes.ts'

/** What became of one write; plain data, it may cross a thread. */
export type WriteAnswer =
  | { readonly output: WriteOutput<WriteName> }
  | { readonly fault: WriteFault }

/** Why a write failed: a kind of the port's errors, or null for a bug. */
export interface WriteFault {
  readonly kind: StoreErrorKind | null
  readonly message: string
  readonly cause: unknown
}

/** After so many failing writes in one batch, the rest go one by one. */
const RERUNS_MAX = 3

/**
 * Does a batch of writes in one transaction and commits it; `busy` if another process holds the
 * write lock, and then nothing was done. A write that fails takes none of its neighbours with it:
 * everything is rolled back and the others are done again without it.
 */
export function runTransaction(
  db: Database,
  requests: readonly WriteRequest[],
): readonly WriteAnswer[] | 'busy' {
  const answers = new Map<WriteRequest, WriteAnswer>()
  let waiting = requests
  for (let run = 0; waiting.length > 0; run += 1) {
    const batch = run < RERUNS_MAX ? waiting : waiting.slice(0, 1)
    const outcome = tryBatch(db, batch)
    if (outcome === 'busy' && answers.size === 0) return 'busy'
    const settled = outcome === 'busy' ? allFail(waiting, busyFault) : outcome
    for (const [request, answer] of settled) answers.set(request, answer)
    waiting = waiting.filter((request) => !answers.has(request))
  }
  return requests.map((request) => answers.get(request) ?? { fault: lostFault })
}

const busyFault: WriteFault = {
  kind: 'conflict',
  message: 'another process kept the write lock of the SQLite database',
  cause: undefined,
}
const lostFault: WriteFault = { kind: null, message: 'a write has no answer', cause: undefined }

type Settled = ReadonlyMap<WriteRequest, WriteAnswer>

/** Answers all of the batch, or only the one that failed. */
function tryBatch(db: Database, batch: readonly WriteRequest[]): Settled | 'busy' {
  try {
    db.statement('BEGIN IMMEDIATE').run()
  } catch (error) {
    return isBusy(error) ? 'busy' : allFail(batch, faultOf(error))
  }
  const done = new Map<WriteRequest, WriteAnswer>()
  for (const request of batch) {
    try {
      done.set(request, { output: performWrite(db, request) })
    } catch (error) {
      rollBack(db)
      return new Map([[request, { fault: faultOf(error) }]])
    }
  }
  try {
    db.statement('COMMIT').run()
    return done
  } catch (error) {
    rollBack(db)
    return allFail(batch, faultOf(error, true))
  }
}

function allFail(batch: readonly WriteRequest[], fault: WriteFault): Settled {
  return new Map(batch.map((request) => [request, { fault }]))
}

/** A full disk or a failing one ends the transaction by itself. */
function rollBack(db: Database): void {
  if (db.isInTransaction()) db.statement('ROLLBACK').run()
}

function faultOf(error: unknown, isCommit = false): WriteFault {
  const known = toStoreError(error, isCommit)
  const message = known instanceof Error ? known.message : String(known)
  return { kind: isStoreError(known) ? known.kind : null, message, cause: error }
}
