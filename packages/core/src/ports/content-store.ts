import type { Session } from '../domain/session.ts'
import type { StoredRecord } from './record-store.ts'
import type { CutOff, CutOffScope, RevocationEntry } from './session-store.ts'

/** A page of a walk over what a store holds. */
export interface WalkPage<Item> {
  /** At most as many as were asked for; fewer, even none, do not mean the end. */
  readonly items: readonly Item[]
  /** Pass as `after` for the next page; null at the end. Opaque, at most `CURSOR_MAX_CHARS`. */
  readonly next: string | null
}

/** A cut-off and where it holds. */
export interface StoredCutOff extends CutOffScope, CutOff {}

/** What is put into a store in one call: at most `PAGE_LIMIT_MAX` items, no key twice. */
export interface StoreContent {
  readonly sessions?: readonly Session[]
  readonly cutOffs?: readonly StoredCutOff[]
  readonly records?: readonly StoredRecord[]
  readonly revocations?: readonly RevocationEntry[]
}

/**
 * The storage port of moves: everything that one store holds, so that another can hold it.
 *
 * A walk goes over every app, page by page, in an order of the engine's choosing that insertions
 * and deletions of other items do not change, and that outlives the process and a restart of the
 * server. An item that nobody writes to during the walk appears exactly once; one that is written
 * to may appear once, more than once or not at all. A malformed `after` reads from the start.
 * `limit` is 1 to `PAGE_LIMIT_MAX`, and cut down to it. The revocation log is walked by
 * `revocationsAfter`.
 */
export interface ContentStore {
  /**
   * All rows, live or ended, exactly as they were written: cut-offs are NOT folded in, for they
   * are walked by themselves.
   */
  walkSessions(after: string | null, limit: number): Promise<WalkPage<Session>>

  /** All cut-offs, of users and of tenants. */
  walkCutOffs(after: string | null, limit: number): Promise<WalkPage<StoredCutOff>>

  /** All records, of every kind and app. */
  walkRecords(after: string | null, limit: number): Promise<WalkPage<StoredRecord>>

  /**
   * Puts items as they are; each is atomic by itself, the call as a whole need not be. Done again,
   * whole or in part, it does no harm: a move that was cut off is simply begun anew.
   *
   * - A session whose key is free is added, ended or not, without looking at limits or cut-offs. A
   *   row that is there is replaced as a whole, unless it is revoked itself (it stays as it is,
   *   for ever), or the new one is not revoked and is behind it: its (`generation`,
   *   `confirmedAtMs`, `idleExpiresAtMs`), compared in this order, is lower. So an older state
   *   never goes over a newer one, and the end of a session always counts. `userId` and
   *   `createdAtMs` of a row never differ.
   * - A cut-off replaces one of its scope with a lower `beforeMs`, and leaves any other. It is not
   *   logged.
   * - A record replaces whatever its key holds, version included: versions begin anew when a
   *   record is made again, so they do not say which one is older.
   * - Entries are appended to the revocation log in their order, as news to its followers. Entries
   *   put twice are there twice, which does no harm.
   */
  put(content: StoreContent): Promise<void>
}

/** The longest cursor of a walk, in characters. */
export const CURSOR_MAX_CHARS = 2_048
