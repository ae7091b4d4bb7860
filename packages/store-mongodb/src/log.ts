import { randomUUID } from 'node:crypto'
import { type RevocationEntry, type RevocationPage, StoreError } from '@pawl/core'
import { pageSize, readNumberCursor } from '@pawl/store-kit'
import { type AnyBulkWriteOperation, MongoBulkWriteError } from 'mongodb'
import { putCutOff } from './cut-offs.ts'
import type { Collections, Database } from './database.ts'
import { DUPLICATE_KEY } from './errors.ts'
import {
  cutOffOfEntry,
  documentToEntry,
  type EntryDocument,
  endSession,
  type NewEntry,
} from './log-rows.ts'
import type { SessionDocument } from './rows.ts'

/** The revocation log, and with it everything that ends sessions. */
export interface RevocationLog {
  /** Writes entries and does what they say. Returns those that came true, in their order. */
  carryOut(entries: readonly NewEntry[]): Promise<readonly NewEntry[]>
  /** Writes entries that say what was done elsewhere. */
  append(entries: readonly NewEntry[]): Promise<void>
  readAfter(cursor: string | null, limit: number): Promise<RevocationPage>
  /** The number of the last entry; 0 if there never was one. */
  lastNumber(): Promise<number>
  trim(beforeMs: number, limit: number): Promise<number>
}

/** How often numbers are asked for again that other processes took meanwhile. */
const APPEND_ATTEMPTS_MAX = 1000
/** Entries that one command writes. */
const APPEND_MAX = 500

/** A name for an entry that no other entry has. */
export function newEntryName(): string {
  return randomUUID()
}

/**
 * The log without transactions. No command changes two documents at once, so an entry comes first,
 * as an intention; then what it says is done; then it is marked as done. Each step finds its own
 * condition gone when it is done again. Whoever reads an entry that is not marked does what it says
 * before showing it: a writer that died on its way has ended the session or has not, and the log
 * says which.
 *
 * Numbers have no gaps: an entry is written under the last number plus one, and whoever finds that
 * taken asks again. So an entry is there before any later number is, and a reader who goes up in
 * order of numbers can miss none. The last entry is never deleted (trimming empties it), so no
 * number comes twice.
 */
export function openLog(db: Database): RevocationLog {
  const append = appender(db)
  return {
    carryOut: async (entries) => {
      if (entries.length === 0) return []
      const written = await append(entries)
      const valid = await db.run('repeatable', (collections) => settle(collections, written))
      return written.filter(({ _id }) => valid.has(_id))
    },
    append: async (entries) => {
      if (entries.length > 0) await append(entries)
    },
    readAfter: (cursor, limit) => {
      const after = readNumberCursor(cursor)
      return db.run('repeatable', (collections) => readPage(collections, after, pageSize(limit)))
    },
    lastNumber: () => db.run('none', readLastNumber),
    trim: (beforeMs, limit) => db.run('once', (collections) => trim(collections, beforeMs, limit)),
  }
}

/** Entries of calls that come at the same time are written together, one command at a time. */
function appender(db: Database) {
  interface Request {
    readonly entries: readonly NewEntry[]
    readonly done: PromiseWithResolvers<readonly EntryDocument[]>
  }
  let waiting: Request[] = []
  let isRunning = false

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const taken = waiting
      waiting = []
      const entries = taken.flatMap((request) => request.entries)
      try {
        const written = await db.run('once', (collections) => writeEntries(collections, entries))
        let first = 0
        for (const request of taken) {
          const next = first + request.entries.length
          request.done.resolve(written.slice(first, next))
          first = next
        }
      } catch (error) {
        for (const { done } of taken) done.reject(error)
      }
    }
    isRunning = false
  }

  return (entries: readonly NewEntry[]): Promise<readonly EntryDocument[]> => {
    const done = Promise.withResolvers<readonly EntryDocument[]>()
    waiting.push({ entries, done })
    if (!isRunning) {
      isRunning = true
      void drain()
    }
    return done.promise
  }
}

async function writeEntries(
  { log }: Collections,
  entries: readonly NewEntry[],
): Promise<readonly EntryDocument[]> {
  const written: EntryDocument[] = []
  for (let attempt = 0; attempt < APPEND_ATTEMPTS_MAX; attempt++) {
    if (written.length === entries.length) return written
    const last = await readLastNumber({ log })
    const part = entries.slice(written.length, written.length + APPEND_MAX)
    const documents = part.map((entry, index) => ({ _id: last + 1 + index, ...entry }))
    const count = await log.insertMany(documents, { ordered: true }).then(
      ({ insertedCount }) => insertedCount,
      (error: unknown) => {
        const isTaken = error instanceof MongoBulkWriteError && error.code === DUPLICATE_KEY
        // In order, so as many were written as stand before the one that was refused.
        if (isTaken) return [error.writeErrors].flat()[0]?.index ?? 0
        throw error
      },
    )
    written.push(...documents.slice(0, count))
  }
  throw new StoreError('conflict', 'the revocation log moved all the time')
}

async function readLastNumber({ log }: Pick<Collections, 'log'>): Promise<number> {
  const newest = log.find({}, { projection: { _id: 1 } }).sort({ _id: -1 })
  const [last] = await newest.limit(1).toArray()
  return last?._id ?? 0
}

/**
 * Does what entries say that nobody has marked yet, and marks them. Cut-offs first: no log-in under
 * way may slip through. Returns the numbers of all that are true.
 */
async function settle(
  collections: Collections,
  entries: readonly EntryDocument[],
): Promise<ReadonlySet<number>> {
  const pending = entries.filter(({ state }) => state === 'pending')
  const valid = new Set(entries.filter(({ state }) => state === 'done').map(({ _id }) => _id))
  if (pending.length === 0) return valid
  for (const entry of pending) {
    if (entry.session !== null) continue
    await putCutOff(collections, cutOffOfEntry(entry))
    valid.add(entry._id)
  }
  const ends = pending.filter(({ session }) => session !== null)
  for (const number of await endSessions(collections, ends)) valid.add(number)
  await mark(collections, pending, valid)
  return valid
}

/** Ends sessions; returns the numbers of the entries that did, now or when tried before. */
async function endSessions(
  { sessions }: Collections,
  ends: readonly EntryDocument[],
): Promise<readonly number[]> {
  if (ends.length === 0) return []
  const operations: AnyBulkWriteOperation<SessionDocument>[] = ends.map((entry) => ({
    updateOne: endSession(entry),
  }))
  const { matchedCount } = await sessions.bulkWrite(operations, { ordered: false })
  if (matchedCount === ends.length) return ends.map(({ _id }) => _id)
  const names = ends.map(({ name }) => name)
  const keys = ends.map(({ session }) => session ?? '')
  const filter = { _id: { $in: keys }, by: { $in: names } }
  const found = await sessions.find(filter, { projection: { by: 1 } }).toArray()
  const ended = new Set(found.map(({ by }) => by))
  return ends.filter(({ name }) => ended.has(name)).map(({ _id }) => _id)
}

/**
 * Marks entries as done or void. A reader may have found one void that came true after all (the
 * session went back to the hash that was judged): that one is written again, at the end.
 */
async function mark(
  collections: Collections,
  entries: readonly EntryDocument[],
  valid: ReadonlySet<number>,
): Promise<void> {
  const { log } = collections
  const [done, lost] = [
    entries.filter(({ _id }) => valid.has(_id)),
    entries.filter(({ _id }) => !valid.has(_id)),
  ]
  if (lost.length > 0) {
    const filter = { _id: { $in: lost.map(({ _id }) => _id) }, state: 'pending' as const }
    await log.updateMany(filter, { $set: { state: 'void' } })
  }
  if (done.length === 0) return
  const numbers = { $in: done.map(({ _id }) => _id) }
  const filter = { _id: numbers, state: { $ne: 'void' as const } }
  const { matchedCount } = await log.updateMany(filter, { $set: { state: 'done' } })
  if (matchedCount === done.length) return
  const voided = await log.find({ _id: numbers, state: 'void', at: { $ne: null } }).toArray()
  await writeEntries(
    collections,
    voided.map(({ _id, ...entry }) => ({ ...entry, state: 'done' as const })),
  )
}

/** A page of what is true: what is void is passed over, and does not make a page short. */
async function readPage(
  collections: Collections,
  after: number,
  limit: number,
): Promise<RevocationPage> {
  const entries: RevocationEntry[] = []
  for (let from = after; ; ) {
    const asked = limit - entries.length
    const ascending = collections.log.find({ _id: { $gte: from } }).sort({ _id: 1 })
    const found = await ascending.limit(asked + 1).toArray()
    if (found.length === 0 && from > 0) {
      // The last entry is always there: the cursor lies beyond it.
      from = 0
      continue
    }
    const page = found[0]?._id === from ? found.slice(1) : found.slice(0, asked)
    const valid = await settle(collections, page)
    entries.push(...page.filter(({ _id }) => valid.has(_id)).map(documentToEntry))
    from = page.at(-1)?._id ?? from
    if (page.length < asked || entries.length === limit) return { entries, cursor: String(from) }
  }
}

/** Deletes the oldest numbers that are due; the last one, if due, is emptied instead. */
async function trim(collections: Collections, beforeMs: number, limit: number): Promise<number> {
  const { log } = collections
  const last = await readLastNumber(collections)
  const due = log.find({ at: { $lt: beforeMs }, _id: { $lt: last } }, { projection: { _id: 1 } })
  const found = await due.sort({ _id: 1 }).limit(limit).toArray()
  const { deletedCount } = await log.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } })
  await log.deleteMany({ at: null, _id: { $lt: last } })
  if (found.length >= limit) return deletedCount
  const filter = { _id: last, at: { $lt: beforeMs } }
  const { modifiedCount } = await log.updateOne(filter, { $set: { state: 'void', at: null } })
  return deletedCount + modifiedCount
}
