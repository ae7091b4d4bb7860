import {
  type EpochMs,
  type InsertOutcome,
  type JsonObject,
  REVOKED_KEPT_MS,
  type RotateOutcome,
  type Rotation,
  type Session,
  type SessionKey,
  type SessionLimit,
  type SessionPage,
  type UserScope,
} from '@pawl/core'
import { BEFORE_ALL, pageSize, readSessionCursor, sessionPage } from '@pawl/store-kit'
import { type Content, coverOf, end, fold, hasExpired, keyText, liveRowsOf } from './content.ts'

export function find(content: Content, key: SessionKey): Session | undefined {
  const row = content.rows[keyText(key)]
  return row === undefined ? undefined : fold(content, row)
}

export function insert(
  content: Content,
  session: Session,
  limit: SessionLimit | null,
): InsertOutcome {
  if (content.rows[keyText(session)] !== undefined) return { kind: 'duplicate' }
  // Born ended, and the user would not know: the core makes it anew, later than the cut-off.
  const beforeMs = coverOf(content, session)
  if (beforeMs !== null) return { kind: 'covered', beforeMs }
  const live = limit === null ? [] : liveRowsOf(content, session, session.createdAtMs)
  const excess = limit === null ? 0 : Math.max(live.length + 1 - limit.max, 0)
  if (excess > 0 && limit?.policy === 'refuse') return { kind: 'limit-reached' }
  const oldest = live.slice(0, excess)
  for (const row of oldest) end(content, row, { reason: 'limit', nowMs: session.createdAtMs })
  content.rows[keyText(session)] = session
  return { kind: 'inserted', ended: oldest.map(({ handle }) => handle) }
}

/** The one conditional write of the rotation rule. */
export function rotate(
  content: Content,
  key: SessionKey,
  { expected, next, nowMs }: Rotation,
): RotateOutcome | undefined {
  const session = find(content, key)
  if (session === undefined) return undefined
  const { idleTimeoutMs, idleExpiresAtMs, absoluteExpiresAtMs } = session
  const advanced =
    session.curHash2 === expected &&
    session.revokedAtMs === null &&
    nowMs < absoluteExpiresAtMs &&
    nowMs <= Math.max(idleExpiresAtMs, next.curMintedAtMs + idleTimeoutMs)
  if (!advanced) return { session, advanced }
  const { generation, curHash2, curMintedAtMs, prevHash2, confirmedAtMs } = next
  const rotated = {
    ...session,
    ...{ generation, curHash2, curMintedAtMs, prevHash2, confirmedAtMs },
    idleExpiresAtMs: Math.min(nowMs + idleTimeoutMs, absoluteExpiresAtMs) as EpochMs,
  }
  content.rows[keyText(key)] = rotated
  return { session: rotated, advanced }
}

/** Claims or data: a column of its own, in a row that has not ended. */
export function update(
  content: Content,
  key: SessionKey,
  change: { readonly claims: JsonObject } | { readonly data: JsonObject },
): boolean {
  const session = find(content, key)
  if (session === undefined || session.revokedAtMs !== null) return false
  content.rows[keyText(key)] = { ...session, ...change }
  return true
}

export function listByUser(
  content: Content,
  user: UserScope,
  page: { readonly nowMs: EpochMs; readonly limit: number; readonly after: string | null },
): SessionPage {
  const [afterMs, afterHandle] = readSessionCursor(page.after) ?? BEFORE_ALL
  const rest = liveRowsOf(content, user, page.nowMs).filter(
    ({ createdAtMs, handle }) =>
      createdAtMs > afterMs || (createdAtMs === afterMs && handle > afterHandle),
  )
  return sessionPage(rest, pageSize(page.limit))
}

export function deleteExpired(content: Content, nowMs: EpochMs, limit: number): number {
  const isOver = ({ revokedAtMs }: Session) =>
    revokedAtMs !== null && nowMs - revokedAtMs > REVOKED_KEPT_MS
  const doomed = Object.entries(content.rows)
    .filter(([, row]) => hasExpired(row, nowMs) || isOver(row))
    .slice(0, limit)
  for (const [key] of doomed) delete content.rows[key]
  return doomed.length
}
