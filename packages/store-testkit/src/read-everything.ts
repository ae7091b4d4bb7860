import type { RevocationEntry, Session, Store, StoredCutOff, WalkPage } from '@pawl/core'
import { NOW_MS, range } from './fixtures.ts'
import { NAMES } from './operations.ts'
import { keyOf, performList, RECORD_KIND, type Walk } from './perform.ts'

/** All that a store holds of the small world. */
export async function readEverything(walk: Walk): Promise<unknown> {
  const { store, app } = walk
  const sessions: unknown[] = []
  for (const tenant of range(NAMES.tenants)) {
    for (const handle of range(NAMES.handles)) {
      sessions.push(await store.find(keyOf(app, { tenant, handle })))
    }
    for (const each of range(NAMES.users)) {
      sessions.push(await performList(walk, { tenant, user: each, nowMs: NOW_MS, limit: 3 }))
    }
  }
  const log: RevocationEntry[] = []
  for (let cursor: string | null = null; ; ) {
    const page: Awaited<ReturnType<Store['revocationsAfter']>> = await store.revocationsAfter(
      cursor,
      100,
    )
    log.push(...page.entries)
    cursor = page.cursor
    if (page.entries.length === 0) break
  }
  return {
    sessions,
    log,
    records: await store.listRecords(RECORD_KIND, app),
    ...(await walkAll(walk)),
  }
}

/** All of the app's rows and cut-offs as they were written, in an order of their own. */
async function walkAll({ store, app }: Walk): Promise<object> {
  const rows = new Map<string, Session>()
  const cutOffs = new Map<string, StoredCutOff>()
  for (
    let after: string | null = null, isFirst = true;
    isFirst || after !== null;
    isFirst = false
  ) {
    const page: WalkPage<Session> = await store.walkSessions(after, 500)
    for (const row of page.items) if (row.app === app) rows.set(`${row.tenant} ${row.handle}`, row)
    after = page.next
  }
  for (
    let after: string | null = null, isFirst = true;
    isFirst || after !== null;
    isFirst = false
  ) {
    const page: WalkPage<StoredCutOff> = await store.walkCutOffs(after, 500)
    for (const each of page.items) {
      if (each.app === app) cutOffs.set(`${each.tenant} ${each.userId}`, each)
    }
    after = page.next
  }
  return { rows, cutOffs }
}
