import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from '@pawl/core'
import { answerLost } from '@pawl/store-kit'
import { type ClientBase, type ClientConfig, Pool, type PoolClient } from 'pg'
import { columnReaders } from './column-readers.ts'
import { isAnswerLost, isConnectionSpent, isRolledBack, toStoreError } from './errors.ts'
import { runPrepared } from './prepared-query.ts'
import type { SqlRow } from './rows.ts'
import type { Parameter, Statement } from './statement.ts'

/** The database behind its pool. */
export interface Database {
  /** All rows. Tries again, boundedly, where that is safe; throws `StoreError`. */
  run(statement: Statement, values?: readonly Parameter[]): Promise<readonly SqlRow[]>
  /** Several statements on one connection; ends the transaction that `work` may leave open. */
  session<T>(work: (query: (text: string) => Promise<readonly SqlRow[]>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Bounds of the pool and of a statement. */
export interface DatabaseOptions {
  readonly config: ClientConfig
  readonly schema: string | null
  readonly poolMax: number
  /** The longest wait for a connection. */
  readonly acquireTimeoutMs: number
  /** The longest a statement may take. */
  readonly statementTimeoutMs: number
  /** How old an answer to "is this the primary" may be. Default 30 000. */
  readonly recheckMs?: number
}

/** Calls that may wait for a connection; more are refused at once. */
const WAITING_MAX = 1000
/** How often a statement is run that a deadlock or a serialization failure rolled back. */
const ATTEMPTS_MAX = 6
const BACK_OFF_MS = 4
/** How much longer than the server the client waits before it gives an answer up. */
const ANSWER_GRACE_MS = 500
const IDLE_TIMEOUT_MS = 60_000
const RECHECK_MS = 30_000
/** Migrations take their time. */
const SESSION_TIMEOUT_MS = 3_600_000

/** What a standby shows may be old: a session that began elsewhere would be unknown to it. */
const isReadOnly = `pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'`

/**
 * What every connection is set to, and whether it leads to a server that takes no writes. The plans
 * are to be nested loops over indexes whatever the statistics say: a table that grew faster than it
 * was analyzed must not be read as a whole. Durability is raised where the server's default gives
 * it away, and never lowered.
 */
function setUp(statementTimeoutMs: number): string {
  return `SELECT set_config('search_path', coalesce($1, current_setting('search_path')), false),
    set_config('statement_timeout', '${statementTimeoutMs}', false),
    set_config('default_transaction_isolation', 'read committed', false),
    set_config('synchronous_commit',
      replace(current_setting('synchronous_commit'), 'off', 'on'), false),
    set_config('plan_cache_mode', 'force_generic_plan', false),
    set_config('enable_seqscan', 'off', false),
    set_config('enable_hashjoin', 'off', false),
    set_config('enable_mergejoin', 'off', false),
    set_config('jit', 'off', false), ${isReadOnly} AS is_read_only`
}

/** Opens a pool; connects when the first statement is run. */
export function openDatabase(options: DatabaseOptions): Database {
  const gate = primaryGate(options.recheckMs ?? RECHECK_MS)
  const pool = openPool(options, gate)
  const runOnce = (statement: Statement, values: readonly Parameter[]) =>
    withClient(pool, async (client) => {
      if (gate.isDue(client)) await gate.ask(client, `SELECT ${isReadOnly} AS is_read_only`)
      return runPrepared(client, statement, values)
    })
  return {
    run: async (statement, values = []) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await runOnce(statement, values)
        } catch (error) {
          const attemptsMax = attemptsAllowed(statement, error)
          if (attempt >= attemptsMax) throw troubleOf(statement, error)
          await sleep(Math.random() * BACK_OFF_MS * 2 ** attempt)
        }
      }
    },
    session: async (work) => {
      try {
        return await withClient(pool, (client) => {
          const query = async (text: string) => {
            const timeout = { query_timeout: SESSION_TIMEOUT_MS }
            const request = { text, rowMode: 'array' as const, ...timeout }
            return (await client.query<SqlRow & unknown[]>(request)).rows
          }
          return work(query).finally(() => query('ROLLBACK').catch(() => {}))
        })
      } catch (error) {
        throw toStoreError(error)
      }
    },
    close: () => pool.end(),
  }
}

/** Which connections are known to lead to a server that takes writes. */
function primaryGate(recheckMs: number) {
  const askedAtMs = new WeakMap<ClientBase, number>()
  return {
    /** Whether it was too long ago that a connection was asked. */
    isDue: (client: ClientBase): boolean =>
      performance.now() - (askedAtMs.get(client) ?? -Infinity) >= recheckMs,
    /** Runs a query that says `is_read_only`; throws `StoreError('read-only')` if it is. */
    ask: async (client: ClientBase, text: string, values?: unknown[]): Promise<void> => {
      const { rows } = await client.query<{ is_read_only: boolean }>(text, values)
      if (rows[0]?.is_read_only !== false) {
        throw new StoreError('read-only', 'PostgreSQL is a standby, or takes no writes')
      }
      askedAtMs.set(client, performance.now())
    },
  }
}

function openPool(options: DatabaseOptions, gate: ReturnType<typeof primaryGate>): Pool {
  const { schema, statementTimeoutMs } = options
  const searchPath = schema === null ? null : `"${schema.replaceAll('"', '""')}"`
  const pool = new Pool({
    ...options.config,
    max: options.poolMax,
    connectionTimeoutMillis: options.acquireTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
    types: columnReaders,
    onConnect: (client) => gate.ask(client, setUp(statementTimeoutMs), [searchPath]),
  })
  // A connection that breaks while nobody uses it is dropped by the pool; nobody is to be told.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  if (pool.waitingCount >= WAITING_MAX) {
    throw new StoreError('unavailable', 'too many calls wait for a connection to PostgreSQL')
  }
  const client = await pool.connect().catch((error: unknown) => {
    throw toStoreError(error)
  })
  let isSpent = false
  try {
    return await work(client)
  } catch (error) {
    isSpent = isConnectionSpent(error)
    throw error
  } finally {
    client.release(isSpent)
  }
}

/**
 * Rolled back as a whole: again. A connection lost under a statement: once more on another, if that
 * does no harm. No connection to be had, a `StoreError` already: that is for the caller to hear.
 */
function attemptsAllowed({ effect }: Statement, error: unknown): number {
  if (isRolledBack(error)) return ATTEMPTS_MAX
  return effect !== 'once' && isAnswerLost(error) ? 2 : 1
}

function troubleOf({ effect }: Statement, error: unknown): unknown {
  const isOpen = effect !== 'none' && isAnswerLost(error)
  return isOpen ? answerLost('PostgreSQL', error) : toStoreError(error)
}
