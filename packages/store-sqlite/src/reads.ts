import {
  PAGE_LIMIT_MAX,
  type RevocationPage,
  type SessionPage,
  type Store,
  type UserScope,
} from '@pawl/core'
import type { Database } from './database.ts'
import { exactText, rowToEntry, rowToSession } from './rows.ts'
import * as sql from './sql.ts'

/** A page of a user's live sessions; its cursor is `createdAtMs.handle` of the last one. */
export function readUserPage(
  db: Database,
  user: UserScope,
  page: Parameters<Store['listByUser']>[1],
): SessionPage {
  const limit = Math.min(page.limit, PAGE_LIMIT_MAX)
  const [createdMs, handle] = positionOf(page.after)
  const found = db
    .statement(sql.selectUserPage)
    .all(user.app, user.tenant, exactText(user.userId), page.nowMs, createdMs, handle, limit + 1)
  const sessions = found.slice(0, limit).map(rowToSession)
  const last = sessions.at(-1)
  const hasMore = found.length > limit && last !== undefined
  return { sessions, next: hasMore ? `${last.createdAtMs}.${last.handle}` : null }
}

function positionOf(after: string | null): readonly [number, string] {
  const position = /^(-?\d{1,16})\.(.+)$/.exec(after ?? '')
  return position === null
    ? [Number.MIN_SAFE_INTEGER, '']
    : [Number(position[1]), position[2] ?? '']
}

/** A stretch of the revocation log; its cursor is the number of the last entry. */
export function readAfter(db: Database, cursor: string | null, limit: number): RevocationPage {
  const start = /^\d{1,15}$/.test(cursor ?? '') ? Number(cursor) : 0
  const after = start > readLogEnd(db) ? 0 : start
  const found = db.statement(sql.selectRevocations).all(after, Math.min(limit, PAGE_LIMIT_MAX))
  return { entries: found.map(rowToEntry), cursor: String(found.at(-1)?.[0] ?? after) }
}

/** The number of the last entry that the revocation log ever had. */
export function readLogEnd(db: Database): number {
  const [row] = db.statement(sql.selectLastNumber).all()
  return Number(row?.[0] ?? 0)
}
