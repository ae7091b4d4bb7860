import {
  RECORDS_MAX,
  type RecordKey,
  type Session,
  type StoreContent,
  type StoredRecord,
  type WalkPage,
} from '@pawl/core'
import { cutPage, pageSize } from '@pawl/store-kit'
import { append, type Content, keyText, scopeText } from './content.ts'

function recordText({ kind, app, id }: RecordKey): string {
  return JSON.stringify([kind, app, id])
}

export function findRecord(content: Content, key: RecordKey): StoredRecord | undefined {
  return content.records[recordText(key)]
}

export function listRecords(content: Content, kind: string, app: string): StoredRecord[] {
  return Object.values(content.records)
    .filter((record) => record.kind === kind && record.app === app)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, RECORDS_MAX)
}

export function insertRecord(content: Content, key: RecordKey, value: string): boolean {
  if (findRecord(content, key) !== undefined) return false
  writeRecord(content, key, { version: 1, value })
  return true
}

export function replaceRecord(
  content: Content,
  key: RecordKey,
  { expectedVersion, value }: { readonly expectedVersion: number; readonly value: string },
): boolean {
  if (findRecord(content, key)?.version !== expectedVersion) return false
  writeRecord(content, key, { version: expectedVersion + 1, value })
  return true
}

function writeRecord(
  content: Content,
  { kind, app, id }: RecordKey,
  written: Pick<StoredRecord, 'version' | 'value'>,
): void {
  content.records[recordText({ kind, app, id })] = { kind, app, id, ...written }
}

export function deleteRecord(content: Content, key: RecordKey): boolean {
  const isThere = findRecord(content, key) !== undefined
  delete content.records[recordText(key)]
  return isThere
}

/** By key: what comes and goes between two pages moves nothing. */
export function walk<Item>(
  items: { readonly [key: string]: Item },
  after: string | null,
  limit: number,
): WalkPage<Item> {
  const from = after?.startsWith('[') === true ? after : ''
  const keys = Object.keys(items)
    .filter((key) => key > from)
    .sort()
  const { rows, last = null } = cutPage(keys, pageSize(limit))
  return { items: rows.map((key) => items[key] as Item), next: last }
}

/** What another store held: never an older state over a newer one, and an end is final. */
export function put(content: Content, moved: StoreContent): void {
  for (const session of moved.sessions ?? []) {
    const known = content.rows[keyText(session)]
    if (known === undefined || mayReplace(known, session)) content.rows[keyText(session)] = session
  }
  for (const cutOff of moved.cutOffs ?? []) {
    const known = content.cutOffs[scopeText(cutOff)]
    if (known === undefined || known.beforeMs < cutOff.beforeMs) {
      content.cutOffs[scopeText(cutOff)] = cutOff
    }
  }
  for (const record of moved.records ?? []) content.records[recordText(record)] = record
  for (const entry of moved.revocations ?? []) append(content, entry)
}

function mayReplace(known: Session, session: Session): boolean {
  if (known.revokedAtMs !== null) return false
  const ahead =
    session.generation - known.generation ||
    session.confirmedAtMs - known.confirmedAtMs ||
    session.idleExpiresAtMs - known.idleExpiresAtMs
  return session.revokedAtMs !== null || ahead >= 0
}
