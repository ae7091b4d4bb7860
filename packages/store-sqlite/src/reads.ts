import type { RevocationPage, SessionPage, Store, UserScope } from '@pawl/core'
import {
  BEFORE_ALL,
  exactText,
  pageSize,
  readNumberCursor,
  readSessionCursor,
  sessionPage,
  valuesToEntry,
  valuesToSession,
} from '@pawl/store-kit'
import type { Database } from './database.ts'
import * as sql from './sql.ts'

/** A page of a user's live sessions. */
export function readUserPage(
  db: Database,
  user: UserScope,
  page: Parameters<Store['listByUser']>[1],
): SessionPage {
  const size = pageSize(page.limit)
  const [createdMs, handle] = readSessionCursor(page.after) ?? BEFORE_ALL
  const found = db
    .statement(sql.selectUserPage)
    .all(user.app, user.tenant, exactText(user.userId), page.nowMs, createdMs, handle, size + 1)
  return sessionPage(
    found.map((row) => valuesToSession(row)),
    size,
  )
}

/** A stretch of the revocation log; its cursor is the number of the last entry. */
export function readAfter(db: Database, cursor: string | null, limit: number): RevocationPage {
  const start = readNumberCursor(cursor)
  const after = start > readLogEnd(db) ? 0 : start
  const found = db.statement(sql.selectRevocations).all(after, pageSize(limit))
  const entries = found.map((row) => valuesToEntry(row, 1))
  return { entries, cursor: String(found.at(-1)?.[0] ?? after) }
}

/** The number of the last entry that the revocation log ever had. */
export function readLogEnd(db: Database): number {
  const [row] = db.statement(sql.selectLastNumber).all()
  return Number(row?.[0] ?? 0)
}
