import { setTimeout as delay } from 'node:timers/promises'
import { openDatabase } from './database.ts'
import { runTransaction, type WriteAnswer } from './transaction.ts'
import { limitWal } from './wal-size.ts'
import type { WriteRequest } from './writes.ts'

/** The one connection of a store that writes. */
export interface Writer {
  /** Does a batch in one transaction; the answers, in order, once it is on the disk. */
  commit(requests: readonly WriteRequest[]): Promise<readonly WriteAnswer[]>
  close(): Promise<void>
}

/** How long a batch keeps trying to get the write lock from other processes, in milliseconds. */
const BUSY_GIVE_UP_MS = 5000
/** The pause between two tries: at random up to this many milliseconds, more with each try. */
const BUSY_PAUSE_FIRST_MS = 1
const BUSY_PAUSE_MAX_MS = 16

/** The size of the -wal file is looked at once in so many commits. */
const COMMITS_PER_LOOK = 256

/** A writer in this thread. */
export function openWriter(file: string): Writer {
  const db = openDatabase(file, 'writer')
  let commits = 0
  return {
    commit: async (requests) => {
      const giveUpAtMs = performance.now() + BUSY_GIVE_UP_MS
      let pauseMs = BUSY_PAUSE_FIRST_MS
      for (;;) {
        const answers = runTransaction(db, requests)
        if (answers !== 'busy') {
          commits += 1
          if (commits % COMMITS_PER_LOOK === 0) limitWal(db, file)
          return answers
        }
        if (performance.now() >= giveUpAtMs) return requests.map(() => ({ fault: stillBusy }))
        await delay(Math.random() * pauseMs)
        pauseMs = Math.min(2 * pauseMs, BUSY_PAUSE_MAX_MS)
      }
    },
    close: async () => db.close(),
  }
}

const stillBusy = {
  kind: 'conflict',
  message: 'other processes kept the write lock of the SQLite database',
  cause: undefined,
} as const
