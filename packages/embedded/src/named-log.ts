import { randomBytes } from 'node:crypto'
import type { RecordKey, RecordStore, SessionStore } from '@pawl/core'

/** The record that names a store's revocation log. A move leaves it behind. */
export const LOG_NAME_RECORD: RecordKey = { kind: 'log-name', app: '*', id: 'revocations' }

const NAME_BYTES = 6

/** How the log is read. */
type LogReads = Pick<SessionStore, 'revocationsAfter' | 'revocationsEnd'>

/**
 * The revocation log with cursors that say whose they are. A cursor of another store, from before a
 * move, means nothing in this one and might skip entries that its holder never saw: it reads from
 * the oldest entry.
 */
export function namedLog(store: LogReads & RecordStore): LogReads {
  let naming: Promise<string> | undefined
  const prefix = (): Promise<string> => {
    naming ??= nameOf(store).catch((error: unknown) => {
      naming = undefined
      throw error
    })
    return naming
  }
  return {
    revocationsAfter: async (cursor, limit) => {
      const own = await prefix()
      const after = cursor?.startsWith(own) === true ? cursor.slice(own.length) : null
      const page = await store.revocationsAfter(after, limit)
      return { ...page, cursor: own + page.cursor }
    },
    revocationsEnd: async () => (await prefix()) + (await store.revocationsEnd()),
  }
}

/** The first core of a store gives its log a name. */
async function nameOf(store: RecordStore): Promise<string> {
  await store.insertRecord(LOG_NAME_RECORD, randomBytes(NAME_BYTES).toString('base64url'))
  const record = await store.findRecord(LOG_NAME_RECORD)
  if (record === undefined) throw new Error('the name of the revocation log is gone')
  return `${record.value}.`
}
