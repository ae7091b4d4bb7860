import {
  type InsertOutcome,
  type JsonObject,
  type RotateOutcome,
  type Rotation,
  type Session,
  type SessionHandle,
  type SessionKey,
  StoreError,
  type UserScope,
} from '@pawl/core'
import {
  pageSize,
  readSessionCursor,
  type SessionMethods,
  sessionPage,
  shouldHaveMoved,
  sweepInRounds,
} from '@pawl/store-kit'
import { coverOf, reachOver } from './cut-offs.ts'
import type { Collections, Database } from './database.ts'
import type { RevocationLog } from './log.ts'
import { keyText, scopeText } from './names.ts'
import { add, insertWithin } from './places.ts'
import type { Folded, RowReader } from './reader.ts'
import {
  documentToSession,
  isLive,
  mayGo,
  mayRotate,
  nextSweepMs,
  rotatedSession,
  type SessionDocument,
  sessionToDocument,
  setRotation,
  undoRotation,
} from './rows.ts'

/** How often a row that keeps changing under a rotation is tried again. */
const ROTATE_ATTEMPTS_MAX = 16
/** Rows that one round of the sweeper looks at. */
const SWEEP_MAX = 500

/** What the methods stand on. */
export interface SessionTools {
  readonly db: Database
  readonly log: RevocationLog
  readonly find: RowReader
}

type RotateTools = Pick<SessionTools, 'db' | 'find'>

/**
 * The methods of the port that are about rows.
 *
 * ROTATE is one conditional `findOneAndUpdate`, and beside it, at the same time, a read of the row
 * with its cut-offs: one round trip, whether the row moves or not. A cut-off is another document
 * than the rows it covers, so no condition of the write can look at it. What makes it binding is
 * the order: `revokeBefore` returns after the cut-off is written, and the read of a rotation begins
 * after the rotation did; so a rotation that begins after `revokeBefore` returned sees the cut-off.
 * It is then refused, and if the write beside it has moved the row, it is moved back: nobody was
 * granted anything by it, and every reader takes the row for revoked in between. A rotation under
 * way at the same time as `revokeBefore` may come out before it or after it.
 *
 * If the write found no row that it may move, the read has the row. If that looks as though it
 * might have been moved, it has changed between the two: both are done again.
 *
 * INSERT is one command, and beside it, at the same time, a read of the cut-offs. If one of them
 * covers the row, it is taken away again: nobody was granted anything by it, and every reader took
 * it for revoked. A log-in under way cannot slip through a cut-off: each reader folds the cut-off
 * in, whenever the row came.
 */
export function mongodbSessions({ db, log, find }: SessionTools): SessionMethods {
  async function update(
    key: SessionKey,
    content: { readonly claims: string } | { readonly data: string },
  ): Promise<boolean> {
    const seen = await find(key)
    if (seen === undefined || seen.session.revokedAtMs !== null) return false
    const filter = { _id: keyText(key), revoked: null }
    const { matchedCount } = await db.run('repeatable', ({ sessions }) =>
      sessions.updateOne(filter, { $set: content }),
    )
    return matchedCount === 1
  }

  return {
    find: async (key) => (await find(key))?.session,
    rotate: (key, rotation) => rotate({ db, find }, key, rotation),
    insert: async (session, limit) => {
      if (limit !== null) return insertWithin({ db, log }, session, limit)
      return insertUncovered(db, session)
    },
    updateClaims: (key, claims: JsonObject) => update(key, { claims: JSON.stringify(claims) }),
    updateData: (key, data: JsonObject) => update(key, { data: JSON.stringify(data) }),
    listByUser: (user, page) =>
      db.run('none', async (collections) => {
        const size = pageSize(page.limit)
        const cutOffs = await coverOf(collections, user)
        const filter = { user: scopeText(user), ...isLive(page.nowMs, cutOffs) }
        const rows = collections.sessions
          .find({ $and: [filter, afterPosition(user, page.after)] })
          .sort({ created: 1, _id: 1 })
        const found = await rows.limit(size + 1).toArray()
        return sessionPage(
          found.map((row) => documentToSession(row, cutOffs)),
          size,
        )
      }),
    deleteExpired: (nowMs, limit) =>
      db.run('once', (collections) =>
        sweepInRounds(limit, SWEEP_MAX, (asked) => sweep(collections, nowMs, asked)),
      ),
  }
}

async function insertUncovered(db: Database, session: Session): Promise<InsertOutcome> {
  const document = sessionToDocument(session)
  const [cover, addition] = await Promise.allSettled([
    db.run('none', (collections) => coverOf(collections, session)),
    db.run('once', ({ sessions }) => add(sessions, document)),
  ])
  if (addition.status === 'rejected') throw addition.reason
  if (addition.value !== 'inserted') return { kind: 'duplicate' }
  const cutOffs = cover.status === 'fulfilled' ? cover.value : throwAfterWrite(cover.reason)
  const beforeMs = reachOver(session, cutOffs)
  if (beforeMs === null) return { kind: 'inserted', ended: [] }
  const { _id, cur } = document
  await db.run('repeatable', ({ sessions }) => sessions.deleteOne({ _id, cur }))
  return { kind: 'covered', beforeMs }
}

async function rotate(
  { db, find }: RotateTools,
  key: SessionKey,
  rotation: Rotation,
): Promise<RotateOutcome | undefined> {
  for (let attempt = 0; attempt < ROTATE_ATTEMPTS_MAX; attempt++) {
    // Whatever becomes of the one, the other is not left under way.
    const [seen, moved] = await Promise.allSettled([
      find(key),
      db.run('repeatable', ({ sessions }) =>
        sessions.findOneAndUpdate(mayRotate(key, rotation), setRotation(rotation), {
          returnDocument: 'before',
        }),
      ),
    ])
    if (moved.status === 'rejected') throw moved.reason
    const row = seen.status === 'fulfilled' ? seen.value : undefined
    if (moved.value !== null) return judge({ db, find }, moved.value, { key, seen: row, rotation })
    if (seen.status === 'rejected') throw seen.reason
    if (row === undefined) return undefined
    if (!shouldHaveMoved(row.session, rotation)) return { session: row.session, advanced: false }
  }
  throw new StoreError('conflict', 'the row of a session changed all the time')
}

/** The row was moved: whether that stands depends on the cut-offs. */
async function judge(
  { db, find }: RotateTools,
  before: SessionDocument,
  tried: {
    readonly key: SessionKey
    readonly seen: Folded | undefined
    readonly rotation: Rotation
  },
): Promise<RotateOutcome> {
  const { key, rotation } = tried
  const seen = tried.seen ?? (await find(key).catch(throwAfterWrite))
  const session = documentToSession(before, seen?.cutOffs ?? [])
  if (session.revokedAtMs === null) {
    return { session: rotatedSession(session, rotation), advanced: true }
  }
  const { filter, update } = undoRotation(before, rotation)
  await db.run('repeatable', ({ sessions }) => sessions.updateOne(filter, update))
  return { session, advanced: false }
}

function throwAfterWrite(cause: unknown): never {
  throw new StoreError('timeout', 'MongoDB was lost after a write', { cause })
}

/** Looks at rows that are due, deletes what may go and moves the rest on. */
async function sweep({ sessions }: Collections, nowMs: number, limit: number) {
  const due = await sessions
    .find({ sweep: { $lte: nowMs } })
    .sort({ sweep: 1 })
    .limit(limit)
    .toArray()
  if (due.length === 0) return { gone: 0, looked: 0 }
  const ids = due.map(({ _id }) => _id)
  const { deletedCount } = await sessions.deleteMany({ _id: { $in: ids }, ...mayGo(nowMs) })
  if (deletedCount < due.length) {
    const moves = due
      .filter((row) => nextSweepMs(row) > nowMs)
      .map((row) => ({
        updateOne: {
          filter: { _id: row._id, idle: row.idle, revoked: row.revoked },
          update: { $set: { sweep: nextSweepMs(row) } },
        },
      }))
    if (moves.length > 0) await sessions.bulkWrite(moves, { ordered: false })
  }
  return { gone: deletedCount, looked: due.length }
}

/** Where a page begins; at the start if the text is none of ours. */
function afterPosition(user: UserScope, after: string | null) {
  const position = readSessionCursor(after)
  if (position === undefined) return {}
  const [created, handle] = position
  const _id = keyText({ ...user, handle: handle as SessionHandle })
  return { $or: [{ created: { $gt: created } }, { created, _id: { $gt: _id } }] }
}
