import { statSync } from 'node:fs'
import type { Database } from './database.ts'

/**
 * Above this many bytes the -wal file is made to start anew; SQLite alone keeps it at a quarter.
 */
const WAL_WATCHED_BYTES = 64 * 1024 * 1024
/** How long other connections are waited for meanwhile, in milliseconds. */
const WAIT_MS = 200

/**
 * Keeps the -wal file from growing without bound. SQLite copies it back into the database at
 * commits, but starts it anew only when nobody reads or writes at that moment, which under the load
 * of several processes may never come by itself; here others are made to wait for it, briefly. A
 * reader that stays (a back-up) makes this fail, and it is tried again later.
 */
export function limitWal(db: Database, file: string, watchedBytes = WAL_WATCHED_BYTES): void {
  const bytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (bytes < watchedBytes) return
  db.exec(`PRAGMA busy_timeout = ${WAIT_MS}`)
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    db.exec('PRAGMA busy_timeout = 0')
  }
}
