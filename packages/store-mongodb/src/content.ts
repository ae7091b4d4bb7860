import type { CutOffSweep, CutOffsSwept, Session, StoredCutOff, WalkPage } from '@pawl/core'
import { type ContentMethods, cutPage, pageSize } from '@pawl/store-kit'
import { type Collection, type Document, MongoBulkWriteError } from 'mongodb'
import { putCutOff } from './cut-offs.ts'
import type { Collections, Database } from './database.ts'
import { DUPLICATE_KEY } from './errors.ts'
import type { RevocationLog } from './log.ts'
import {
  type CutOffDocument,
  cutOffToDocument,
  documentToCutOff,
  documentToRecord,
  entryToDocument,
  type RecordDocument,
  recordToDocument,
} from './log-rows.ts'
import { documentToSession, mayReplace, type SessionDocument, sessionToDocument } from './rows.ts'

/** The methods of the port that a move needs, and the sweep of cut-offs. */
export function mongodbContent(db: Database, log: RevocationLog): ContentMethods {
  return {
    walkSessions: (after, limit) =>
      walk<SessionDocument, Session>(
        { after, limit },
        (row) => documentToSession(row, []),
        (page) => db.run('none', ({ sessions }) => page(sessions)),
      ),
    walkCutOffs: (after, limit) =>
      walk<CutOffDocument, StoredCutOff>({ after, limit }, documentToCutOff, (page) =>
        db.run('none', ({ cutOffs }) => page(cutOffs)),
      ),
    walkRecords: (after, limit) =>
      walk<RecordDocument, ReturnType<typeof documentToRecord>>(
        { after, limit },
        documentToRecord,
        (page) => db.run('none', ({ records }) => page(records)),
      ),
    put: async ({ sessions = [], cutOffs = [], records = [], revocations = [] }) => {
      await db.run('repeatable', async (collections) => {
        await putSessions(collections, sessions)
        for (const cutOff of cutOffs) await putCutOff(collections, cutOffToDocument(cutOff))
        for (const record of records) {
          const document = recordToDocument(record)
          await collections.records.replaceOne({ _id: document._id }, document, { upsert: true })
        }
      })
      await log.append(revocations.map(entryToDocument))
    },
    sweepCutOffs: (request) => db.run('once', (collections) => sweepCutOffs(collections, request)),
  }
}

/** What a cursor of a walk begins with; what does not is none of ours. */
const CURSOR_MARK = '>'

/** One page of a collection, in the order of its `_id`. */
async function walk<Stored extends Document & { readonly _id: string }, Item>(
  { after, limit }: { readonly after: string | null; readonly limit: number },
  toItem: (document: Stored) => Item,
  ask: (page: (from: Collection<Stored>) => Promise<Stored[]>) => Promise<Stored[]>,
): Promise<WalkPage<Item>> {
  const size = pageSize(limit)
  const last = after?.startsWith(CURSOR_MARK) ? after.slice(CURSOR_MARK.length) : ''
  const found = await ask((from) => {
    const filter = { _id: { $gt: last } } as never
    return from
      .find(filter)
      .sort({ _id: 1 })
      .limit(size + 1)
      .toArray() as Promise<Stored[]>
  })
  const { rows, last: end } = cutPage(found, size)
  return { items: rows.map(toItem), next: end === undefined ? null : `${CURSOR_MARK}${end._id}` }
}

/**
 * Rows that are as they should be are not written again. One that came since it was looked for is
 * refused for its key, and then replaced on the same condition as the others: that it may be.
 */
async function putSessions({ sessions }: Collections, rows: readonly Session[]): Promise<void> {
  if (rows.length === 0) return
  const documents = rows.map((row) => ({ row, document: sessionToDocument(row) }))
  const ids = documents.map(({ document }) => document._id)
  const found = await sessions.find({ _id: { $in: ids } }).toArray()
  const known = new Map(found.map((document) => [document._id, textOf(document)]))
  const isNew = ({ document }: { document: SessionDocument }) => !known.has(document._id)
  const fresh = documents.filter(isNew).map(({ document }) => ({ insertOne: { document } }))
  const changed = documents.filter(
    (each) => !isNew(each) && known.get(each.document._id) !== textOf(each.document),
  )
  const replace = (some: typeof documents) =>
    some.map(({ row, document }) => ({
      replaceOne: { filter: mayReplace(row), replacement: document },
    }))
  const writes = [...fresh, ...replace(changed)]
  if (writes.length === 0) return
  try {
    await sessions.bulkWrite(writes, { ordered: false })
  } catch (error) {
    if (!isOnlyTaken(error)) throw error
    await sessions.bulkWrite(replace(documents.filter(isNew)), { ordered: false })
  }
}

/** What a row says, in the order of its members. */
function textOf(document: SessionDocument): string {
  return JSON.stringify(documentToSession(document, []))
}

function isOnlyTaken(error: unknown): boolean {
  if (!(error instanceof MongoBulkWriteError)) return false
  const errors = [error.writeErrors].flat()
  return errors.length > 0 && errors.every(({ code }) => code === DUPLICATE_KEY)
}

/** Deletes those of a page that end no row any more, unless they are raised meanwhile. */
async function sweepCutOffs(
  { cutOffs, sessions }: Collections,
  { settledMs, after, limit }: CutOffSweep,
): Promise<CutOffsSwept> {
  const { items, next } = await walk<CutOffDocument, CutOffDocument>(
    { after, limit },
    (document) => document,
    (page) => page(cutOffs),
  )
  let deleted = 0
  for (const { _id, before, at } of items) {
    const isOfUser = _id.split(':').length > 2
    if (!isOfUser || before >= settledMs || at >= settledMs) continue
    const covered = { user: _id, created: { $lte: before }, revoked: null }
    if ((await sessions.findOne(covered, { projection: { _id: 1 } })) !== null) continue
    deleted += (await cutOffs.deleteOne({ _id, before, at })).deletedCount
  }
  return { deleted, next }
}
