import { type BigIntStats, statSync } from 'node:fs'
import { StoreError } from '@pawl/core'

/** Which file a path leads to; null: to none. */
export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino'> | null

/** The file that a path leads to now. */
export function identityOf(file: string): FileIdentity {
  return statSync(file, { bigint: true, throwIfNoEntry: false }) ?? null
}

/**
 * Makes sure that a path still leads to the file that was opened: SQLite goes on writing into one
 * that was moved, deleted or put back from a copy, and all of that is lost when the process ends.
 * Throws `StoreError('unavailable')`.
 */
export function checkIdentity(file: string, opened: FileIdentity): void {
  const now = identityOf(file)
  if (now !== null && now.dev === opened?.dev && now.ino === opened.ino) return
  const what = now === null ? 'was moved or deleted' : 'was replaced by another one'
  throw new StoreError(
    'unavailable',
    `${file} ${what} while it was open: what is written now goes into the old file and will be ` +
      'lost; put that file back, or start every process on it anew',
  )
}
