import { type Session, type SessionKey, StoreError } from '@pawl/core'
import { type Collections, collectionNames, type Database } from './database.ts'
import type { CutOffDocument } from './log-rows.ts'
import { keyText } from './names.ts'
import { documentToSession, type SessionDocument } from './rows.ts'

/** A row with the cut-offs of its user and tenant. */
export interface Folded {
  readonly document: SessionDocument
  readonly cutOffs: readonly CutOffDocument[]
  readonly session: Session
}

/** Reads the row of a key, and the cut-offs that may cover it. */
export type RowReader = (key: SessionKey) => Promise<Folded | undefined>

/** The most rows that one command reads. */
const BATCH_MAX = 64
/** Commands under way at a time; while they are, requests gather. */
const IN_FLIGHT_MAX = 4
/** Rows that may wait to be asked for; more are refused at once. */
const WAITING_MAX = 10_000

type Answer = PromiseWithResolvers<Folded | undefined>

/**
 * Reads rows by a command that begins after the call did, and that is shared with the calls of the
 * same turn of the event loop. Nothing waits for company: only while {@link IN_FLIGHT_MAX} commands
 * are under way do requests gather, and then go together.
 */
export function openReader(db: Database): RowReader {
  let waiting = new Map<string, Answer>()
  let inFlight = 0
  let isScheduled = false

  function flush(): void {
    isScheduled = false
    while (waiting.size > 0 && inFlight < IN_FLIGHT_MAX) {
      const all = [...waiting]
      waiting = new Map(all.slice(BATCH_MAX))
      void carry(new Map(all.slice(0, BATCH_MAX)))
    }
  }

  async function carry(batch: ReadonlyMap<string, Answer>): Promise<void> {
    inFlight += 1
    try {
      const found = await db.run('none', (collections) => readRows(collections, [...batch.keys()]))
      for (const [id, { resolve, reject }] of batch) {
        try {
          resolve(fold(found.get(id)))
        } catch (error) {
          reject(error)
        }
      }
    } catch (error) {
      for (const { reject } of batch.values()) reject(error)
    } finally {
      inFlight -= 1
      flush()
    }
  }

  return async (key) => {
    const id = keyText(key)
    const known = waiting.get(id)
    if (known !== undefined) return known.promise
    if (waiting.size >= WAITING_MAX) {
      throw new StoreError('unavailable', 'MongoDB is too slow for what is asked of it now')
    }
    const answer: Answer = Promise.withResolvers()
    waiting.set(id, answer)
    if (!isScheduled) {
      isScheduled = true
      setImmediate(flush)
    }
    return answer.promise
  }
}

type Joined = SessionDocument & Record<'ofUser' | 'ofTenant', readonly CutOffDocument[]>

async function readRows(
  { sessions }: Collections,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Joined>> {
  const joined = (localField: 'user' | 'tenant', as: keyof Joined) => ({
    $lookup: { from: collectionNames.cutOffs, localField, foreignField: '_id', as },
  })
  const pipeline = [
    { $match: { _id: ids.length === 1 ? ids[0] : { $in: ids } } },
    joined('user', 'ofUser'),
    joined('tenant', 'ofTenant'),
  ]
  const found = await sessions.aggregate<Joined>(pipeline, { batchSize: BATCH_MAX + 1 }).toArray()
  return new Map(found.map((row) => [row._id, row]))
}

function fold(found: Joined | undefined): Folded | undefined {
  if (found === undefined) return undefined
  const cutOffs = [...found.ofUser, ...found.ofTenant]
  return { document: found, cutOffs, session: documentToSession(found, cutOffs) }
}
