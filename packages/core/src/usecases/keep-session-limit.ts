import type { SessionHandle } from '../domain/ids.ts'
import type { Session, SessionKey } from '../domain/session.ts'
import { SESSION_LIMIT_MAX, type SessionLimit } from '../domain/settings.ts'
import { PAGE_LIMIT_MAX } from '../ports/session-store.ts'
import type { AppContext } from './deps.ts'
import { endSession } from './revoke-session.ts'

const PAGES_MAX = Math.ceil((SESSION_LIMIT_MAX + 1) / PAGE_LIMIT_MAX) + 1

/**
 * Keeps the limit after a session was made in the place of another one that somebody else had
 * ended by then, as log-ins do that replace the same one at once. Where there are too many now,
 * the oldest end, the same ones whoever else does this at the same time, but never the new one,
 * whose tokens are on their way; or, where log-ins are refused, the new one ends. Returns false if
 * that has to be refused.
 */
export async function keepSessionLimit(
  context: AppContext,
  made: Session,
  { max, policy }: SessionLimit,
): Promise<boolean> {
  const { app, tenant } = made
  const handles = await listLive(context, made, max + 1)
  if (handles.length <= max) return true
  const isRefused = policy === 'refuse'
  const oldest = handles.slice(0, -max).filter((handle) => handle !== made.handle)
  const ending = isRefused ? [made.handle] : oldest
  for (const handle of ending) {
    const key: SessionKey = { app, tenant, handle }
    await endSession(context, key, 'limit')
  }
  return !isRefused
}

/** The oldest live sessions of a session's user, at most so many. */
async function listLive(
  { store, clock }: AppContext,
  { app, tenant, userId }: Session,
  countMax: number,
): Promise<readonly SessionHandle[]> {
  const handles: SessionHandle[] = []
  const nowMs = clock.nowMs()
  let after: string | null = null
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const limit = countMax - handles.length
    const page = await store.listByUser({ app, tenant, userId }, { nowMs, limit, after })
    handles.push(...page.sessions.map(({ handle }) => handle))
    if (page.next === null || handles.length >= countMax) break
    after = page.next
  }
  return handles
}
