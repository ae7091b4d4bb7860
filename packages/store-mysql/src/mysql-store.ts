import { type EpochMs, guardStore, type Store } from '@pawl/core'
import { bounded } from '@pawl/store-kit'
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

const timeoutBounds = [100, 60_000] as const

const readClock = 'SELECT CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)'

/**
 * A store on MySQL 8.0 or MariaDB 10.6, or newer. Connects on the first call. Refreshes, log-ins
 * and look-ups that come at the same time share a packet; each answer is given after its commit.
 * Throws `StoreError('unavailable')` at once for a URL that is none.
 */
export function mysqlStore(options: MysqlStoreOptions): Store {
  const { acquireTimeoutMs = 3000, statementTimeoutMs = 5000, poolMax = 8 } = options
  const warn = options.warn ?? ((text: string) => process.emitWarning(text))
  const db = openDatabase({
    connection: readUrl(options.url, options.connection),
    poolMax: bounded('poolMax', poolMax, [1, 100]),
    acquireTimeoutMs: bounded('acquireTimeoutMs', acquireTimeoutMs, timeoutBounds),
    statementTimeoutMs: bounded('statementTimeoutMs', statementTimeoutMs, timeoutBounds),
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
