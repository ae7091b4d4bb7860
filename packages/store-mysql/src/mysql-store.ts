import { type EpochMs, guardStore, type Store } from '@pawl/core'
import type { ConnectionOptions } from 'mysql2'
import { readUrl } from './connection.ts'
import { mysqlContent } from './content.ts'
import { openDatabase } from './database.ts'
import { mysqlRecords } from './records.ts'
import { mysqlRevocations } from './revocations.ts'
import { migrateSchema, pingDatabase } from './schema.ts'
import { mysqlSessions } from './sessions.ts'

/** How {@link mysqlStore} connects. */
export interface MysqlStoreOptions {
  /**
   * `mysql://user:password@host:port/database` or `mariadb://…`, with `?ssl-ca=` and others; see
   * the guide. TLS is on, and the certificate checked, for every host but this machine.
   */
  readonly url: string
  /** Laid over what the URL says, in the words of `mysql2`: a password that changes. */
  readonly connection?: ConnectionOptions
  /** The most connections. 1 to 100; default 8. */
  readonly poolMax?: number
  /** The longest wait for a connection or for a place in a batch. 100 to 60 000; default 3000. */
  readonly acquireTimeoutMs?: number
  /** The longest a packet may take. 100 to 60 000; default 5000. */
  readonly statementTimeoutMs?: number
  /** Told of settings of the server that break a promise; default `process.emitWarning`. */
  readonly warn?: (text: string) => void
}

const readClock = 'SELECT CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)'

/**
 * A store on MySQL 8.0 or MariaDB 10.6, or newer. Connects on the first call. Refreshes, log-ins
 * and look-ups that come at the same time share a packet; each answer is given after its commit.
 * Throws `StoreError('unavailable')` at once for a URL that is none.
 */
export function mysqlStore(options: MysqlStoreOptions): Store {
  const acquireTimeoutMs = bounded('acquireTimeoutMs', options.acquireTimeoutMs ?? 3000, 100)
  const statementTimeoutMs = bounded('statementTimeoutMs', options.statementTimeoutMs ?? 5000, 100)
  const warn = options.warn ?? ((text: string) => process.emitWarning(text))
  const db = openDatabase({
    connection: readUrl(options.url, options.connection),
    poolMax: bounded('poolMax', options.poolMax ?? 8, 1),
    acquireTimeoutMs,
    statementTimeoutMs,
  })
  const frame = { engine: 'mysql', title: 'MySQL', isEmbedded: false, release: db.close }
  return guardStore(frame, {
    ...mysqlSessions(db, acquireTimeoutMs + statementTimeoutMs),
    ...mysqlRevocations(db),
    ...mysqlRecords(db),
    ...mysqlContent(db),
    migrate: () => migrateSchema(db, warn),
    ping: () => pingDatabase(db),
    clockMs: async () => Number((await db.run('none', readClock))[0]?.rows[0]?.[0]) as EpochMs,
  })
}

const BOUND_MAX = { poolMax: 100, acquireTimeoutMs: 60_000, statementTimeoutMs: 60_000 } as const

function bounded(name: keyof typeof BOUND_MAX, value: number, min: number): number {
  const max = BOUND_MAX[name]
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new RangeError(`${name} has to be a whole number from ${min} to ${max}`)
}
