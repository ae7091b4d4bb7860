import { isStoreError, StoreError, type StoreErrorKind } from '@pawl/core'

/** Primary result codes (https://sqlite.org/rescode.html) and what they mean to the core. */
const kinds: ReadonlyMap<number, StoreErrorKind> = new Map([
  [3, 'unavailable'], // PERM
  [5, 'conflict'], // BUSY
  [6, 'conflict'], // LOCKED
  [7, 'unavailable'], // NOMEM
  [8, 'read-only'], // READONLY
  [10, 'unavailable'], // IOERR
  [11, 'corrupt'], // CORRUPT
  [13, 'read-only'], // FULL
  [14, 'unavailable'], // CANTOPEN
  [15, 'conflict'], // PROTOCOL: the WAL's locks were contended for too long
  [17, 'schema'], // SCHEMA
  [23, 'unavailable'], // AUTH
  [26, 'corrupt'], // NOTADB
])

const SQLITE_ERROR = 1
const SQLITE_BUSY = 5
const SQLITE_IOERR = 10

/** The primary SQLite result code of an error of node:sqlite, or undefined. */
function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

/** Whether another connection holds the lock: the statement did nothing and may be tried again. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === SQLITE_BUSY
}

/**
 * The error as the port knows it. What no table lists, a bug of ours, comes back as it is.
 *
 * @param isCommit whether it came from COMMIT, where a failing disk leaves the outcome open
 */
export function toStoreError(error: unknown, isCommit = false): unknown {
  if (isStoreError(error)) return error
  const code = resultCode(error)
  const text = error instanceof Error ? error.message : String(error)
  if (code === SQLITE_ERROR && /no such (table|column)/.test(text)) {
    const sentence = 'the SQLite database has no Pawl tables, or old ones: run the migrations'
    return new StoreError('schema', sentence, { cause: error })
  }
  const kind = code === SQLITE_IOERR && isCommit ? 'timeout' : kinds.get(code ?? -1)
  if (kind === undefined) return error
  return new StoreError(kind, `SQLite: ${text}`, { cause: error })
}
