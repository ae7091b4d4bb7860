import { type EpochMs, guardStore, type Store } from '@pawl/core'
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

/**
 * A store on MongoDB 6 or newer: a replica set for everything that is to outlive a machine.
 * Connects on the first call. Every write is on a majority and in its journals before it is
 * answered, every read is linearizable. Throws `StoreError('unavailable')` at once for a URL that
 * is none.
 */
export function mongodbStore(options: MongodbStoreOptions): Store {
  const db = openDatabase({
    ...readUrl(options.url),
    poolMax: bounded('poolMax', options.poolMax ?? 32, 2),
    connectTimeoutMs: bounded('connectTimeoutMs', options.connectTimeoutMs ?? 3000, 100),
    answerTimeoutMs: bounded('answerTimeoutMs', options.answerTimeoutMs ?? 5000, 100),
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

const BOUND_MAX = { poolMax: 500, connectTimeoutMs: 60_000, answerTimeoutMs: 60_000 } as const

function bounded(name: keyof typeof BOUND_MAX, value: number, min: number): number {
  const max = BOUND_MAX[name]
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new RangeError(`${name} has to be a whole number from ${min} to ${max}`)
}
