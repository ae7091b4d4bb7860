import { type EpochMs, guardStore, type Store } from '@pawl/core'
import { bounded } from '@pawl/store-kit'
import { readUrl } from './connection.ts'
import { mongodbContent } from './content.ts'
import { openDatabase } from './database.ts'
import { openLog } from './log.ts'
import { openReader } from './reader.ts'
import { mongodbRecords } from './records.ts'
import { mongodbRevocations } from './revocations.ts'
import { migrateSchema, pingDatabase } from './schema.ts'
import { mongodbSessions } from './sessions.ts'

/** How {@link mongodbStore} connects. */
export interface MongodbStoreOptions {
  /**
   * `mongodb://user:password@host:port,host:port/database`, or `mongodb+srv`; see the guide. TLS is
   * on, and the certificate checked, for every host but this machine.
   */
  readonly url: string
  /** The most connections. 2 to 500; default 32. */
  readonly poolMax?: number
  /** The longest wait for a primary and for a connection to it. 100 to 60 000; default 3000. */
  readonly connectTimeoutMs?: number
  /** The longest that one command may take. 100 to 60 000; default 5000. */
  readonly answerTimeoutMs?: number
}

const timeoutBounds = [100, 60_000] as const

/**
 * A store on MongoDB 6 or newer: a replica set for everything that is to outlive a machine.
 * Connects on the first call. Every write is on a majority and in its journals before it is
 * answered, every read is linearizable. Throws `StoreError('unavailable')` at once for a URL that
 * is none.
 */
export function mongodbStore(options: MongodbStoreOptions): Store {
  const { connectTimeoutMs = 3000, answerTimeoutMs = 5000, poolMax = 32 } = options
  const db = openDatabase({
    ...readUrl(options.url),
    poolMax: bounded('poolMax', poolMax, [2, 500]),
    connectTimeoutMs: bounded('connectTimeoutMs', connectTimeoutMs, timeoutBounds),
    answerTimeoutMs: bounded('answerTimeoutMs', answerTimeoutMs, timeoutBounds),
  })
  const tools = { db, log: openLog(db), find: openReader(db) }
  const frame = { engine: 'mongodb', title: 'MongoDB', isEmbedded: false, release: db.close }
  return guardStore(frame, {
    ...mongodbSessions(tools),
    ...mongodbRevocations(tools),
    ...mongodbRecords(db),
    ...mongodbContent(db, tools.log),
    migrate: () => migrateSchema(db),
    ping: () => pingDatabase(db),
    clockMs: async () => {
      const { localTime } = await db.run('none', ({ db: database }) =>
        database.command({ hello: 1 }),
      )
      return (localTime as Date).getTime() as EpochMs
    },
  })
}
