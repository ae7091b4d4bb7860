import type { CutOff, CutOffScope, SessionHandle } from '@pawl/core'
import { pageSize, type RevocationMethods } from '@pawl/store-kit'
import { atomically, type Database } from './database.ts'
import { logEntries, logMarked, newMark } from './log.ts'
import {
  cutOffColumns,
  cutOffToRow,
  entryColumns,
  entryToRow,
  isLive,
  isNotRevoked,
  joinCutOffs,
  ofKey,
  ofUser,
  raiseCutOff,
  rowToEntry,
  setRevoked,
} from './rows.ts'
import { quote, textOf } from './values.ts'

/** Statements that raise a cut-off, or leave it, and log it. */
function cutOff(scope: CutOffScope, cut: CutOff): readonly string[] {
  const { app, tenant, userId } = scope
  const { beforeMs, nowMs, reason } = cut
  const about = { app, tenant, userId, reason, beforeMs, atMs: nowMs }
  const values = cutOffToRow({ ...scope, ...cut }).join(', ')
  return [
    `INSERT INTO pawl_cut_offs (${cutOffColumns}) VALUES (${values}) ${raiseCutOff}`,
    ...logEntries([entryToRow({ kind: 'cut-off', ...about })], newMark()),
  ]
}

interface Position {
  readonly number: number
  /** What the entry there was marked with; 0 if that is not known. */
  readonly tag: number
}

const START: Position = { number: 0, tag: 0 }

function positionOf(cursor: string | null): Position {
  const [, number, tag] = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor ?? '') ?? []
  return number === undefined ? START : { number: Number(number), tag: Number(tag) }
}

function cursorOf({ number, tag }: Position): string {
  return `${number}.${tag}`
}

/** The methods of the port that end sessions, and the log of it. */
export function mysqlRevocations(db: Database): RevocationMethods {
  return {
    revoke: async (key, { reason, nowMs, judged }) => {
      const mark = newMark()
      const isJudged = judged === undefined ? '' : `AND s.cur_hash = ${quote(judged)}`
      const end = `UPDATE pawl_sessions s ${joinCutOffs} SET ${setRevoked(nowMs, reason, mark)}
        WHERE ${ofKey(key)} AND ${isNotRevoked} ${isJudged}`
      const results = await db.run('once', ...atomically(end, ...logMarked(ofKey(key), mark)))
      return results[1]?.matched === 1
    },
    revokeByUser: async (user, { reason, nowMs, except }) => {
      const mark = newMark()
      const others = except === null ? '' : `AND s.handle <> ${quote(except)}`
      const ended = `${ofUser(user)} AND s.mark = ${mark}`
      const results = await db.run(
        'once',
        ...atomically(
          `UPDATE pawl_sessions s ${joinCutOffs} SET ${setRevoked(nowMs, reason, mark)}
            WHERE ${ofUser(user)} AND ${isLive(nowMs)} ${others}`,
          ...logMarked(ofUser(user), mark),
          ...(except === null ? cutOff(user, { beforeMs: nowMs, nowMs, reason }) : []),
          `SELECT s.handle FROM pawl_sessions s WHERE ${ended} ORDER BY s.created_ms, s.handle`,
        ),
      )
      return (results.at(-2)?.rows ?? []).map(([handle]) => textOf(handle) as SessionHandle)
    },
    revokeBefore: async (scope, cut) => {
      await db.run('once', ...atomically(...cutOff(scope, cut)))
    },
    revocationsAfter: (cursor, limit) => readLog(db, positionOf(cursor), limit),
    revocationsEnd: async () => {
      const [end] = await db.run(
        'none',
        `SELECT e.number, COALESCE(r.tag, 0) FROM pawl_log_end e
          LEFT JOIN pawl_revocations r ON r.number = e.number WHERE e.id = 1`,
      )
      const [number, tag] = (end?.rows[0] ?? [0, 0]) as readonly [number, number]
      return cursorOf({ number, tag })
    },
    trimRevocations: async (beforeMs, limit) => {
      const [gone] = await db.run(
        'once',
        `DELETE FROM pawl_revocations WHERE at_ms < ${quote(beforeMs)}
          ORDER BY at_ms, number LIMIT ${quote(limit)}`,
      )
      return gone?.matched ?? 0
    },
  }
}

/**
 * InnoDB shows a commit before it is on the disk. A crash may then take entries back whose numbers
 * were handed out, and use the numbers again; the tag tells that another entry is there now, as
 * after a restore, and the log is read from the start.
 */
async function readLog(db: Database, from: Position, limit: number) {
  const [end, found] = await db.run(
    'none',
    `SELECT e.number, COALESCE(r.tag, ${from.tag}) FROM pawl_log_end e
      LEFT JOIN pawl_revocations r ON r.number = ${from.number} WHERE e.id = 1`,
    `SELECT number, tag, ${entryColumns} FROM pawl_revocations
      WHERE number > ${from.number} ORDER BY number LIMIT ${pageSize(limit)}`,
  )
  const [number, tag] = (end?.rows[0] ?? [0, 0]) as readonly [number, number]
  const isOther = number < from.number || tag !== from.tag
  if (isOther && from !== START) return readLog(db, START, limit)
  const rows = found?.rows ?? []
  const last = rows.at(-1) as readonly [number, number] | undefined
  return {
    entries: rows.map((row) => rowToEntry(row, 2)),
    cursor: cursorOf(last === undefined ? from : { number: last[0], tag: last[1] }),
  }
}
