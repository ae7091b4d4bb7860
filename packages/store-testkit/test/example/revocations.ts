import type {
  CutOff,
  CutOffScope,
  CutOffSweep,
  CutOffsSwept,
  EpochMs,
  Revocation,
  RevocationPage,
  SessionHandle,
  SessionKey,
  UserScope,
} from '@pawl/core'
import { pageSize, readNumberCursor } from '@pawl/store-kit'
import { append, type Content, end, liveRowsOf, scopeText } from './content.ts'
import { walk } from './documents.ts'
import { find } from './sessions.ts'

export function revoke(
  content: Content,
  key: SessionKey,
  { reason, nowMs, judged }: Revocation,
): boolean {
  const session = find(content, key)
  if (session === undefined || session.revokedAtMs !== null) return false
  if (judged !== undefined && judged !== session.curHash2) return false
  end(content, session, { reason, nowMs })
  return true
}

export function revokeByUser(
  content: Content,
  user: UserScope,
  { reason, nowMs, except }: Revocation & { readonly except: SessionHandle | null },
): readonly SessionHandle[] {
  const doomed = liveRowsOf(content, user, nowMs).filter(({ handle }) => handle !== except)
  for (const row of doomed) end(content, row, { reason, nowMs })
  // Otherwise a log-in that is under way would slip through.
  if (except === null) revokeBefore(content, user, { beforeMs: nowMs, reason, nowMs })
  return doomed.map(({ handle }) => handle)
}

export function revokeBefore(
  content: Content,
  { app, tenant, userId }: CutOffScope,
  { beforeMs, reason, nowMs }: CutOff,
): void {
  const scope = { app, tenant, userId }
  const known = content.cutOffs[scopeText(scope)]
  if (known === undefined || known.beforeMs < beforeMs) {
    content.cutOffs[scopeText(scope)] = { ...scope, beforeMs, reason, nowMs }
  }
  append(content, { kind: 'cut-off', ...scope, beforeMs, reason, atMs: nowMs })
}

export function revocationsAfter(
  content: Content,
  cursor: string | null,
  limit: number,
): RevocationPage {
  const asked = readNumberCursor(cursor)
  // Beyond the end: the database was put back to an older state. From the start, then.
  const after = asked > content.lastNumber ? 0 : asked
  const page = content.log.filter(({ number }) => number > after).slice(0, pageSize(limit))
  const entries = page.map(({ entry }) => entry)
  return { entries, cursor: String(page.at(-1)?.number ?? after) }
}

export function trimRevocations(content: Content, beforeMs: EpochMs, limit: number): number {
  const doomed = new Set(content.log.filter(({ entry }) => entry.atMs < beforeMs).slice(0, limit))
  content.log = content.log.filter((line) => !doomed.has(line))
  return doomed.size
}

export function sweepCutOffs(content: Content, request: CutOffSweep): CutOffsSwept {
  const { settledMs, after, limit } = request
  const { items, next } = walk(content.cutOffs, after, limit)
  const rows = Object.values(content.rows)
  const idle = items.filter(
    ({ app, tenant, userId, beforeMs, nowMs }) =>
      userId !== null &&
      Math.max(beforeMs, nowMs) < settledMs &&
      !rows.some(
        (row) =>
          row.userId === userId &&
          row.tenant === tenant &&
          row.app === app &&
          row.revokedAtMs === null &&
          row.createdAtMs <= beforeMs,
      ),
  )
  for (const cutOff of idle) delete content.cutOffs[scopeText(cutOff)]
  return { deleted: idle.length, next }
}
