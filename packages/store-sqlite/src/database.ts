import { closeSync, mkdirSync, openSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StoreError } from '@pawl/core'
import type { SqlRow, SqlValue } from './rows.ts'

/** Only the owner may look: the rows hold user names and claims. */
const FILE_MODE = 0o600
const DIRECTORY_MODE = 0o700

/**
 * How long a statement blocks its thread for a lock, in milliseconds: of a reader, which meets one
 * for moments only (another process recovers or closes the file), and while opening.
 */
const LOCK_WAIT_MS = 2000

/**
 * A page cache in KiB for each role, next to the operating system's own. The file is not mapped
 * into memory, though a look-up among a million rows would take 19 µs then and not 28: whoever
 * copies another file over it would end the process (SIGBUS), not make it report an error.
 */
const cacheKib = { reader: 2048, writer: 16_384 } as const

/** After this many pages of 4 KiB in the -wal file, a commit copies them into the database. */
const CHECKPOINT_PAGES = 4000

/** The -wal file is cut back to this many bytes whenever it starts anew. */
const WAL_KEPT_BYTES = 64 * 1024 * 1024

/** A statement that is held, and whose rows are arrays. */
export interface Statement {
  /** All rows; reading to the end lets SQLite finish its work, checkpoints included. */
  all(...values: readonly SqlValue[]): readonly SqlRow[]
  /** How many rows changed. */
  run(...values: readonly SqlValue[]): number
}

/** One connection. Statements are prepared on first use and held. */
export interface Database {
  statement(sql: string): Statement
  exec(sql: string): void
  isInTransaction(): boolean
  close(): void
}

/** Makes the file, and its folder, readable by the owner only; leaves what exists as it is. */
export function createDatabaseFile(file: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: DIRECTORY_MODE })
    closeSync(openSync(file, 'a', FILE_MODE))
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new StoreError('unavailable', `cannot open or make ${file}: ${code}`, { cause })
  }
}

/** Opens a connection; a commit of a writer is on the disk when it returns. */
export function openDatabase(file: string, role: 'reader' | 'writer'): Database {
  const db = new DatabaseSync(file, { timeout: LOCK_WAIT_MS })
  try {
    db.exec(`PRAGMA cache_size = -${cacheKib[role]}`)
    if (role === 'reader') db.exec('PRAGMA query_only = ON')
    else prepareWriter(db)
  } catch (error) {
    db.close()
    throw error
  }
  const held = new Map<string, Statement>()
  return {
    statement: (sql) => {
      const known = held.get(sql)
      if (known !== undefined) return known
      const fresh = asStatement(db.prepare(sql))
      held.set(sql, fresh)
      return fresh
    },
    exec: (sql) => db.exec(sql),
    isInTransaction: () => db.isTransaction,
    close: () => db.close(),
  }
}

/** A writer is told at once that another process writes: it tries again without blocking. */
function prepareWriter(db: DatabaseSync): void {
  db.exec('PRAGMA journal_mode = WAL')
  db.exec('PRAGMA synchronous = FULL')
  db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  db.exec(`PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}`)
  db.exec('PRAGMA busy_timeout = 0')
}

function asStatement(statement: StatementSync): Statement {
  statement.setReturnArrays(true)
  return {
    all: (...values) => statement.all(...values) as unknown as readonly SqlRow[],
    run: (...values) => Number(statement.run(...values).changes),
  }
}
