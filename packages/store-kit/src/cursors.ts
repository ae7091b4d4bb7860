import { PAGE_LIMIT_MAX, type Session, type SessionPage } from '@pawl/core'

/**
 * A page is read with one row more than it shows: whether others follow is then known without
 * another query. A cursor comes from outside, so every reader here takes any text; one that it did
 * not write reads from the start.
 */

/** How many rows a page shows: as many as asked for, and never more than the port allows. */
export function pageSize(limit: number): number {
  return Math.min(limit, PAGE_LIMIT_MAX)
}

/** The rows that a page shows, and the last of them if others follow. */
export function cutPage<Row>(found: readonly Row[], size: number) {
  const rows = found.slice(0, size)
  return { rows, last: found.length > size ? rows.at(-1) : undefined }
}

/** A page of a user's sessions, of those found; its cursor is `createdAtMs.handle` of the last. */
export function sessionPage(found: readonly Session[], size: number): SessionPage {
  const { rows: sessions, last } = cutPage(found, size)
  return { sessions, next: last === undefined ? null : `${last.createdAtMs}.${last.handle}` }
}

/** The position that comes before every session of a user. */
export const BEFORE_ALL = [Number.MIN_SAFE_INTEGER, ''] as const

/** `createdAtMs` and handle of the cursor of a {@link sessionPage}. */
export function readSessionCursor(
  after: string | null,
): readonly [createdAtMs: number, handle: string] | undefined {
  const [, ms = '', handle = ''] = /^(-?\d{1,16})\.([\w-]+)$/.exec(after ?? '') ?? []
  const isOurs = handle !== '' && Number.isSafeInteger(Number(ms))
  return isOurs ? [Number(ms), handle] : undefined
}

/** The words of a key as a cursor; null for none: the end of a walk. */
export function keyCursor(words: readonly unknown[] | undefined): string | null {
  return words === undefined ? null : JSON.stringify(words)
}

/** The three words of a {@link keyCursor}. */
export function readKeyCursor(after: string | null): readonly [string, string, string] | undefined {
  try {
    const key: unknown = JSON.parse(after ?? '')
    const isKey = Array.isArray(key) && key.length === 3
    if (isKey && key.every((word) => typeof word === 'string' && word.isWellFormed())) {
      return key as [string, string, string]
    }
  } catch {
    // None of ours: from the start.
  }
  return undefined
}

/** A cursor that is a number, as of an entry of the log; 0, before all of them, if it is none. */
export function readNumberCursor(cursor: string | null): number {
  return /^\d{1,15}$/.test(cursor ?? '') ? Number(cursor) : 0
}
