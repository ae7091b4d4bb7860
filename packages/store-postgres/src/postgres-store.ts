import { type EpochMs, type Store, StoreError } from '@pawl/core'
import type { ClientConfig } from 'pg'
import { readUrl } from './connection.ts'
import { type Database, openDatabase, type Statement } from './database.ts'
import { postgresRecords } from './records.ts'
import { postgresRevocations } from './revocations.ts'
import { migrateSchema, pingDatabase } from './schema.ts'
import { postgresSessions } from './sessions.ts'

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
  const acquireTimeoutMs = bounded('acquireTimeoutMs', options.acquireTimeoutMs ?? 3000, 100)
  const statementTimeoutMs = bounded('statementTimeoutMs', options.statementTimeoutMs ?? 5000, 100)
  const db = openDatabase({
    config: { ...config, ...options.connection },
    schema,
    poolMax: bounded('poolMax', options.poolMax ?? 8, 1),
    acquireTimeoutMs,
    statementTimeoutMs,
  })
  const life = lifeOf(db)
  const methods = {
    ...postgresSessions(db, acquireTimeoutMs + statementTimeoutMs),
    ...postgresRevocations(db),
    ...postgresRecords(db),
    migrate: () => migrateSchema(db, schema),
    ping: () => pingDatabase(db),
    clockMs: async () => Number((await db.run(readClock))[0]?.[0]) as EpochMs,
  }
  return {
    engine: 'postgres',
    isEmbedded: false,
    insert: life.guard(methods.insert),
    find: life.guard(methods.find),
    rotate: life.guard(methods.rotate),
    updateClaims: life.guard(methods.updateClaims),
    updateData: life.guard(methods.updateData),
    revoke: life.guard(methods.revoke),
    revokeByUser: life.guard(methods.revokeByUser),
    revokeBefore: life.guard(methods.revokeBefore),
    listByUser: life.guard(methods.listByUser),
    revocationsAfter: life.guard(methods.revocationsAfter),
    revocationsEnd: life.guard(methods.revocationsEnd),
    deleteExpired: life.guard(methods.deleteExpired),
    trimRevocations: life.guard(methods.trimRevocations),
    findRecord: life.guard(methods.findRecord),
    listRecords: life.guard(methods.listRecords),
    insertRecord: life.guard(methods.insertRecord),
    replaceRecord: life.guard(methods.replaceRecord),
    deleteRecord: life.guard(methods.deleteRecord),
    clockMs: life.guard(methods.clockMs),
    migrate: life.guard(methods.migrate),
    ping: life.guard(methods.ping),
    close: life.close,
  }
}

const BOUND_MAX = { poolMax: 100, acquireTimeoutMs: 60_000, statementTimeoutMs: 60_000 } as const

function bounded(name: keyof typeof BOUND_MAX, value: number, min: number): number {
  const max = BOUND_MAX[name]
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new RangeError(`${name} has to be a whole number from ${min} to ${max}`)
}

/** Refuses calls once closed; closing waits for the calls that are under way. */
function lifeOf(db: Database) {
  let underWay = 0
  let closed: Promise<void> | undefined
  const idle = Promise.withResolvers<void>()
  const leave = () => {
    underWay -= 1
    if (closed !== undefined && underWay === 0) idle.resolve()
  }
  return {
    guard:
      <Args extends readonly unknown[], Answer>(run: (...args: Args) => Promise<Answer>) =>
      async (...args: Args): Promise<Answer> => {
        if (closed !== undefined) throw new StoreError('closed', 'the PostgreSQL store is closed')
        underWay += 1
        try {
          return await run(...args)
        } finally {
          leave()
        }
      },
    close: (): Promise<void> => {
      closed ??= (underWay === 0 ? Promise.resolve() : idle.promise).then(db.close)
      return closed
    },
  }
}
