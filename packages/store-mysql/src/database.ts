import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from '@pawl/core'
import { answerLost, type Effect } from '@pawl/store-kit'
import {
  type ConnectionOptions,
  createPool,
  type Pool,
  type PoolConnection,
  type ResultSetHeader,
} from 'mysql2'
import { attemptsAfter, isAnswerLost, isConnectionSpent, toStoreError } from './errors.ts'
import { type SqlRow, textOf } from './values.ts'

/** What one statement of a packet gave. */
export interface SqlResult {
  /** Empty for a statement that gives none. */
  readonly rows: readonly SqlRow[]
  /** How many rows a write matched. */
  readonly matched: number
}

/** The database behind its pool. */
export interface Database {
  /**
   * Sends the statements in one packet; one result each. Each commits by itself, unless they are
   * {@link atomically} one. Tries again, boundedly, where that is safe; throws `StoreError`.
   */
  run(effect: Effect, ...statements: readonly string[]): Promise<readonly SqlResult[]>
  /** Several packets, one after the other, on one connection. */
  session<T>(work: (query: (text: string) => Promise<readonly SqlRow[]>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Bounds of the pool and of a packet. */
export interface DatabaseOptions {
  readonly connection: ConnectionOptions
  readonly poolMax: number
  /** The longest wait for a connection. */
  readonly acquireTimeoutMs: number
  /** The longest a packet may take. */
  readonly statementTimeoutMs: number
  /** How old an answer to "is this the primary" may be. Default 30 000. */
  readonly recheckMs?: number
}

/** Calls that may wait for a connection; more are refused at once. */
const WAITING_MAX = 1000
const BACK_OFF_MS = 4
/** How much longer than the server the client waits before it gives an answer up. */
const ANSWER_GRACE_MS = 500
const KEEP_ALIVE_MS = 60_000
const RECHECK_MS = 30_000
/** Migrations take their time. */
const SESSION_TIMEOUT_MS = 3_600_000

/** Statements that happen together or not at all. */
export function atomically(...statements: readonly string[]): readonly string[] {
  return ['START TRANSACTION', ...statements, 'COMMIT']
}

/**
 * Whether the server takes no writes, whatever the user's rights are: what a replica answers reads
 * with may be old, and a session that began elsewhere would be unknown.
 */
const askReadOnly = 'SELECT @@global.read_only, @@global.innodb_read_only'

/**
 * What every connection is set to, and {@link askReadOnly} at the end. Values are quoted with
 * backslashes, so the mode that takes these for letters must be off. A lock is waited for half as
 * long as a packet, so that there is time for a second try; only MariaDB can bound a write beyond
 * that.
 */
function setUp(statementTimeoutMs: number): string {
  const lockSeconds = Math.max(1, Math.floor(statementTimeoutMs / 2000))
  return `SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', SESSION autocommit = 1,
      SESSION time_zone = '+00:00', SESSION innodb_lock_wait_timeout = ${lockSeconds},
      SESSION lock_wait_timeout = ${lockSeconds}
      /*M!100500 , SESSION max_statement_time = ${statementTimeoutMs / 1000} */;
    ${askReadOnly}`
}

/** Throws `StoreError('read-only')` for the rows of {@link askReadOnly}, if it is. */
function assertWritable(rows: unknown): void {
  const [values = [null]] = rows as readonly SqlRow[]
  if (values.every((value) => [0, 'OFF'].includes(textOf(value) ?? ''))) return
  throw new StoreError('read-only', 'MySQL is a replica, or takes no writes')
}

/** Opens a pool; connects when the first packet is sent. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = openPool(options)
  const { acquireTimeoutMs, statementTimeoutMs } = options
  const timeoutMs = statementTimeoutMs + ANSWER_GRACE_MS
  const { makeReady, forget } = preparation({ ...options, timeoutMs })

  async function withConnection<T>(work: (connection: PoolConnection) => Promise<T>): Promise<T> {
    const connection = await take(pool, acquireTimeoutMs)
    let isSpent = true
    try {
      await makeReady(connection)
      const answer = await work(connection)
      isSpent = false
      return answer
    } catch (error) {
      isSpent = isConnectionSpent(error) || !(await rollBack(connection, timeoutMs))
      throw error
    } finally {
      if (isSpent) connection.destroy()
      else connection.release()
    }
  }

  return {
    run: async (effect, ...statements) => {
      const text = statements.join(';')
      for (let attempt = 1; ; attempt++) {
        try {
          const results = await withConnection((connection) => send(connection, text, timeoutMs))
          return statements.length === 1
            ? [resultOf(results)]
            : (results as unknown[]).map(resultOf)
        } catch (error) {
          const again = effect !== 'once' && isAnswerLost(error) ? 2 : attemptsAfter(error)
          if (attempt >= again) throw troubleOf(effect, error)
          await sleep(Math.random() * BACK_OFF_MS * 2 ** attempt)
        }
      }
    },
    session: async (work) => {
      try {
        return await withConnection(async (connection) => {
          const query = async (text: string) =>
            resultOf(await send(connection, text, SESSION_TIMEOUT_MS)).rows
          // Whoever takes the connection next sets it up again.
          forget(connection)
          await query(`SET SESSION lock_wait_timeout = ${SESSION_TIMEOUT_MS / 1000}
            /*M!100500 , SESSION max_statement_time = 0 */`)
          return work(query)
        })
      } catch (error) {
        throw toStoreError(error)
      }
    },
    close: () => new Promise((resolve) => pool.end(() => resolve())),
  }
}

/** Sets a connection up before it is used first, and asks again whether its server takes writes. */
function preparation({
  statementTimeoutMs,
  recheckMs = RECHECK_MS,
  timeoutMs,
}: DatabaseOptions & { readonly timeoutMs: number }) {
  const askedAtMs = new WeakMap<PoolConnection, number>()
  return {
    makeReady: async (connection: PoolConnection): Promise<void> => {
      const lastMs = askedAtMs.get(connection)
      if (lastMs === undefined) {
        const results = await send(connection, setUp(statementTimeoutMs), timeoutMs)
        assertWritable((results as readonly unknown[]).at(-1))
      } else if (performance.now() - lastMs >= recheckMs) {
        assertWritable(await send(connection, askReadOnly, timeoutMs))
      } else {
        return
      }
      askedAtMs.set(connection, performance.now())
    },
    forget: (connection: PoolConnection): void => void askedAtMs.delete(connection),
  }
}

function openPool({ connection, poolMax, acquireTimeoutMs }: DatabaseOptions): Pool {
  return createPool({
    ...connection,
    charset: 'utf8mb4_bin',
    multipleStatements: true,
    rowsAsArray: true,
    flags: ['-LOCAL_FILES'],
    connectionLimit: poolMax,
    queueLimit: WAITING_MAX,
    connectTimeout: acquireTimeoutMs,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  }).on('connection', (each) => {
    // One that breaks while nobody uses it is dropped by the pool; nobody is to be told.
    each.on('error', () => {})
  })
}

/** A connection of the pool, which itself would let a caller wait for ever. */
function take(pool: Pool, timeoutMs: number): Promise<PoolConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<PoolConnection>()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    reject(new StoreError('unavailable', 'no connection to MySQL was free in time'))
  }, timeoutMs)
  pool.getConnection((error, connection) => {
    clearTimeout(timer)
    // Not even sent: that is for the caller to hear, and no reason to send it again.
    if (error !== null) reject(toStoreError(error))
    else if (isLate) connection.release()
    else resolve(connection)
  })
  return promise
}

function send(connection: PoolConnection, sql: string, timeout: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // Without values the text is sent as it is, and not looked through for places to put them.
    connection.query({ sql, timeout, values: null }, (error, results) => {
      if (error === null) resolve(results)
      else reject(error)
    })
  })
}

/** A packet that failed half-way has left its transaction open. */
async function rollBack(connection: PoolConnection, timeoutMs: number): Promise<boolean> {
  return send(connection, 'ROLLBACK', timeoutMs).then(
    () => true,
    () => false,
  )
}

function resultOf(result: unknown): SqlResult {
  if (Array.isArray(result)) return { rows: result as readonly SqlRow[], matched: 0 }
  return { rows: [], matched: (result as ResultSetHeader).affectedRows }
}

function troubleOf(effect: Effect, error: unknown): unknown {
  const trouble = toStoreError(error)
  return effect !== 'none' && isAnswerLost(error) ? answerLost('MySQL', error) : trouble
}
