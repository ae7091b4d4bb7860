import type {
  RecordKey,
  RecordStore,
  Session,
  SessionHandle,
  SessionKey,
  StoreContent,
  StoredCutOff,
  StoredRecord,
} from '@pawl/core'
import {
  type ContentMethods,
  cutPage,
  exactText,
  keyCursor,
  pageSize,
  readKeyCursor,
} from '@pawl/store-kit'
import {
  putCutOffScript,
  putEntriesScript,
  putRecordScript,
  putSessionScript,
  sweepCutOffsScript,
  walkCutOffsScript,
  walkSessionsScript,
} from './content-scripts.ts'
import {
  decode,
  entryToWords,
  placeOf,
  type RedisRow,
  recordPlaceOf,
  rowNames,
  rowTimes,
  rowToSession,
  sessionToFields,
  textToCutOff,
} from './rows.ts'
import type { Server } from './server.ts'

/** A page of a sorted set: members and scores in turn. */
type Page = readonly string[]

/** The methods of the port that a move needs, and the sweep of cut-offs. */
export function redisContent(server: Server, records: RecordStore): ContentMethods {
  return {
    walkSessions: async (after, limit) => {
      const reply = await server.run(walkSessionsScript, pageWords(after, limit))
      const [page, rows] = reply as unknown as readonly [Page, readonly RedisRow[]]
      const items: Session[] = []
      for (const [index, row] of rows.entries()) {
        const isThere = typeof row[0] === 'string'
        if (isThere) items.push(rowToSession(keyOfMember(page[2 * index] ?? ''), row))
      }
      return { items, next: cursorAfter(page, limit) }
    },
    walkCutOffs: async (after, limit) => {
      const reply = await server.run(walkCutOffsScript, pageWords(after, limit))
      const [page, cuts] = reply as unknown as readonly [Page, readonly string[]]
      const items: StoredCutOff[] = []
      for (const [index, text] of cuts.entries()) {
        if (text !== '') items.push(textToCutOff(page[2 * index] ?? '', text))
      }
      return { items, next: cursorAfter(page, limit) }
    },
    walkRecords: async (after, limit) => walkRecords(server, records, { after, limit }),
    put: (content) => putAll(server, content),
    sweepCutOffs: async ({ after, limit, settledMs }) => {
      const words = [...pageWords(after, limit), String(settledMs)]
      const reply = await server.run(sweepCutOffsScript, words)
      const [page, deleted] = reply as unknown as readonly [Page, number]
      return { deleted, next: cursorAfter(page, limit) }
    },
  }
}

const BEFORE_ALL = [String(Number.MIN_SAFE_INTEGER), ''] as const

/** Where a page begins, score and member, and how many it may have. */
function pageWords(after: string | null, limit: number): readonly string[] {
  const [, score = '', member = ''] = /^(-?\d{1,16}) ([\s\S]+)$/.exec(after ?? '') ?? []
  const from = member === '' || !member.isWellFormed() ? BEFORE_ALL : [score, member]
  return [...from, String(pageSize(limit))]
}

/** The position of a full page's last member; null after a page that is not full: the end. */
function cursorAfter(page: Page, limit: number): string | null {
  const isFull = page.length >= 2 * pageSize(limit)
  return isFull ? `${page.at(-1)} ${page.at(-2)}` : null
}

function keyOfMember(member: string): SessionKey {
  const [app = '', tenant = '', handle = ''] = member.split(':').map(decode)
  return { app, tenant, handle: handle as SessionHandle } as SessionKey
}

/** By kind, app and id; the cursor is the key of the last one. */
async function walkRecords(
  server: Server,
  records: RecordStore,
  page: { readonly after: string | null; readonly limit: number },
) {
  const from = keyIn(page.after)
  const size = pageSize(page.limit)
  const places = (await server.send('none', ['SMEMBERS', `${server.prefix}a`])) as readonly string[]
  const found: StoredRecord[] = []
  for (const place of [...places].sort()) {
    if (found.length > size) break
    if (from !== undefined && place < recordPlaceOf(from)) continue
    const [kind = '', app = ''] = place.split(':').map(decode)
    const isFirst = from !== undefined && place === recordPlaceOf(from)
    const all = await records.listRecords(kind, app)
    found.push(...(isFirst ? all.filter(({ id }) => id > from.id) : all))
  }
  const { rows: items, last } = cutPage(found, size)
  return { items, next: keyCursor(last && [last.kind, last.app, last.id]) }
}

function keyIn(after: string | null): RecordKey | undefined {
  const [kind, app, id] = readKeyCursor(after) ?? []
  return kind === undefined || app === undefined || id === undefined ? undefined : { kind, app, id }
}

async function putAll(server: Server, content: StoreContent): Promise<void> {
  const { sessions = [], cutOffs = [], records = [], revocations = [] } = content
  await Promise.all([
    ...sessions.map((session) => server.run(putSessionScript, sessionWords(session))),
    ...cutOffs.map((cutOff) => server.run(putCutOffScript, cutOffWords(cutOff))),
    ...records.map((record) => server.run(putRecordScript, recordWords(record))),
  ])
  if (revocations.length > 0) {
    await server.run(putEntriesScript, revocations.flatMap(entryToWords))
  }
}

function sessionWords(session: Session): readonly string[] {
  const { generation, confirmedAtMs, idleExpiresAtMs } = session
  const state = [generation, confirmedAtMs, idleExpiresAtMs].map(String)
  return [...rowNames(session), ...rowTimes(session), ...state, ...sessionToFields(session)]
}

function cutOffWords(cutOff: StoredCutOff): readonly string[] {
  const user = cutOff.userId === null ? ['0', ''] : ['1', exactText(cutOff.userId)]
  const { beforeMs, nowMs, reason } = cutOff
  return [placeOf(cutOff), ...user, String(beforeMs), String(nowMs), reason]
}

function recordWords(record: StoredRecord): readonly string[] {
  const { id, version, value } = record
  return [recordPlaceOf(record), exactText(id), String(version), exactText(value)]
}
