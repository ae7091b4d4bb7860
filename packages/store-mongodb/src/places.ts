import { setTimeout as sleep } from 'node:timers/promises'
import {
  type InsertOutcome,
  type Session,
  type SessionHandle,
  type SessionLimit,
  StoreError,
} from '@pawl/core'
import { coverOf, reachOver } from './cut-offs.ts'
import { type Collections, type Database, SLOT_INDEX } from './database.ts'
import { DUPLICATE_KEY, serverCode } from './errors.ts'
import { newEntryName, type RevocationLog } from './log.ts'
import { entryOfSession } from './log-rows.ts'
import { handleIn, keyText, scopeText } from './names.ts'
import { isLive, isLiveRow, type SessionDocument, sessionToDocument } from './rows.ts'

/** How often a log-in looks for a place again that others take from under it. */
const PLACE_ATTEMPTS_MAX = 200
const PLACE_BACK_OFF_MS = 8
const PLACE_BACK_OFF_MAX_MS = 500

/**
 * INSERT WITH A LIMIT of n gives each session one of the user's places 0 to n-1, held by a unique
 * index. Who logs in counts the live sessions, ends the oldest where need be, and takes the lowest
 * place that no live session holds. Two that count at the same time want the same place: one gets
 * it, the other counts again. A session gives its place back when it is ended; that of one that
 * expired, or is under a cut-off, is taken from it by whoever needs it.
 */
export async function insertWithin(
  { db, log }: { readonly db: Database; readonly log: RevocationLog },
  session: Session,
  limit: SessionLimit,
): Promise<InsertOutcome> {
  const document = sessionToDocument(session)
  const end = { nowMs: session.createdAtMs, reason: 'limit' as const }
  const ended: SessionHandle[] = []
  for (let attempt = 0; attempt < PLACE_ATTEMPTS_MAX; attempt++) {
    const { isThere, beforeMs, live, held } = await db.run('none', (collections) =>
      lookForPlace(collections, session),
    )
    if (isThere) return { kind: 'duplicate' }
    if (beforeMs !== null) return { kind: 'covered', beforeMs }
    const excess = Math.max(0, live.length - limit.max + 1)
    if (excess > 0 && limit.policy === 'refuse') return { kind: 'limit-reached' }
    const oldest = live.slice(0, excess).map((row) => entryOfSession(row, end, newEntryName()))
    const done = await log.carryOut(oldest)
    ended.push(...done.map((entry) => handleIn(entry.session ?? '')))
    // Where another has ended one of them, that other is about to take its place.
    if (done.length === oldest.length) {
      const slot = lowestSlot(document.user, live.slice(excess))
      const outcome = await db.run('once', (collections) =>
        addAt(collections, { ...document, slot }, held),
      )
      if (outcome === 'inserted') return { kind: 'inserted', ended }
      if (outcome === 'duplicate') return { kind: 'duplicate' }
    }
    const pauseMs = Math.min(PLACE_BACK_OFF_MS * 2 ** attempt, PLACE_BACK_OFF_MAX_MS)
    await sleep(Math.random() * pauseMs)
  }
  throw new StoreError('conflict', 'the sessions of a user changed all the time')
}

/** The user's live rows, oldest first, others that hold a place, and whether the key is taken. */
async function lookForPlace(collections: Collections, session: Session) {
  const nowMs = session.createdAtMs
  const { sessions } = collections
  const cutOffs = await coverOf(collections, session)
  const filter = { $or: [isLive(nowMs, cutOffs), { slot: { $exists: true } }] }
  const [same, rows] = await Promise.all([
    sessions.findOne({ _id: keyText(session) }, { projection: { _id: 1 } }),
    sessions
      .find({ user: scopeText(session), ...filter })
      .sort({ created: 1, _id: 1 })
      .toArray(),
  ])
  // What holds a place and is not live was found as it is now: it will not live again.
  const isLiving = (row: SessionDocument) => isLiveRow(row, nowMs, cutOffs)
  const held = rows.filter((row) => !isLiving(row))
  const beforeMs = reachOver(session, cutOffs)
  return { isThere: same !== null, beforeMs, live: rows.filter(isLiving), held }
}

function lowestSlot(user: string, live: readonly SessionDocument[]): string {
  const taken = new Set(live.map(({ slot }) => slot))
  for (let number = 0; ; number++) {
    const slot = `${user}#${number}`
    if (!taken.has(slot)) return slot
  }
}

/** Adds a row at its place; what is over and holds that place loses it first. */
async function addAt(
  { sessions }: Collections,
  document: SessionDocument & { readonly slot: string },
  held: readonly SessionDocument[],
): Promise<Addition> {
  const { slot } = document
  const over = held.find((row) => row.slot === slot)
  if (over !== undefined) {
    await sessions.updateOne({ _id: over._id, slot }, { $unset: { slot: true } })
  }
  return add(sessions, document)
}

/** What became of a row that was to be added. */
export type Addition = 'inserted' | 'duplicate' | 'taken'

/** Adds a row. */
export async function add(
  sessions: Collections['sessions'],
  document: SessionDocument,
): Promise<Addition> {
  try {
    await sessions.insertOne(document)
    return 'inserted'
  } catch (error) {
    if (serverCode(error) !== DUPLICATE_KEY) throw error
    return (error as Error).message.includes(SLOT_INDEX) ? 'taken' : 'duplicate'
  }
}
