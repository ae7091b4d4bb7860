import { type EpochMs, guardStore, type Store } from '@pawl/core'
import { bounded } from '@pawl/store-kit'
import type { ClientConfig } from 'pg'
import { readUrl } from './connection.ts'
import { postgresContent } from './content.ts'
import { openDatabase } from './database.ts'
import { postgresRecords } from './records.ts'
import { postgresRevocations } from './revocations.ts'
import { migrateSchema, pingDatabase } from './schema.ts'
import { postgresSessions } from './sessions.ts'
import type { Statement } from './statement.ts'

/** How {@link postgresStore} connects. */
export interface PostgresStoreOptions {
  /**
   * `postgres://user:password@host:port/database`, with `?schema=`, `?sslmode=` and others; see
   * the guide. TLS is on, and the certificate checked, for every host but this machine.
   */
  readonly url: string
  /** Laid over what the URL says, in the words of `pg`: a password that changes, a socket. */
  readonly connection?: ClientConfig
  /** The most connections. 1 to 100; default 8. */
  readonly poolMax?: number
  /** The longest wait for a connection or for a place in a batch. 100 to 60 000; default 3000. */
  readonly acquireTimeoutMs?: number
  /** The longest a statement may take. 100 to 60 000; default 5000. */
  readonly statementTimeoutMs?: number
}

const timeoutBounds = [100, 60_000] as const

const readClock: Statement = {
  name: 'pawl_clock',
  effect: 'none',
  text: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint',
}

/**
 * A store on PostgreSQL 13 or newer. Connects on the first call. Refreshes, log-ins and look-ups
 * that come at the same time share a statement; each answer is given after its commit. Throws
 * `StoreError('unavailable')` at once for a URL that is none.
 */
export function postgresStore(options: PostgresStoreOptions): Store {
  const { config, schema } = readUrl(options.url)
  const { acquireTimeoutMs = 3000, statementTimeoutMs = 5000, poolMax = 8 } = options
  const db = openDatabase({
    config: { ...config, ...options.connection },
    schema,
    poolMax: bounded('poolMax', poolMax, [1, 100]),
    acquireTimeoutMs: bounded('acquireTimeoutMs', acquireTimeoutMs, timeoutBounds),
    statementTimeoutMs: bounded('statementTimeoutMs', statementTimeoutMs, timeoutBounds),
  })
  const frame = { engine: 'postgres', title: 'PostgreSQL', isEmbedded: false, release: db.close }
  return guardStore(frame, {
    ...postgresSessions(db, acquireTimeoutMs + statementTimeoutMs),
    ...postgresRevocations(db),
    ...postgresRecords(db),
    ...postgresContent(db),
    migrate: () => migrateSchema(db, schema),
    ping: () => pingDatabase(db),
    clockMs: async () => Number((await db.run(readClock))[0]?.[0]) as EpochMs,
  })
}
