import type {
  AppId,
  EpochMs,
  JsonObject,
  SecretHash,
  SessionHandle,
  TenantId,
  UserId,
} from '../domain/ids.ts'
import type { Rotation } from '../domain/rotation.ts'
import type { EndReason, Session, SessionKey } from '../domain/session.ts'
import type { SessionLimit } from '../domain/settings.ts'

/**
 * What became of an insert. `ended` lists sessions ended to make room, oldest first; `beforeMs` is
 * the latest one of the cut-offs that cover the row.
 */
export type InsertOutcome =
  | { readonly kind: 'inserted'; readonly ended: readonly SessionHandle[] }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'covered'; readonly beforeMs: EpochMs }
  | { readonly kind: 'limit-reached' }

/** The row as it is after a rotation was tried, and whether it advanced. */
export interface RotateOutcome {
  readonly session: Session
  readonly advanced: boolean
}

/** Ends one session. */
export interface Revocation {
  readonly reason: EndReason
  readonly nowMs: EpochMs
  /** When given, the row ends only while its current hash equals this one (row 6 of the rule). */
  readonly judged?: SecretHash
}

/** All sessions of one user in one tenant. */
export interface UserScope {
  readonly app: AppId
  readonly tenant: TenantId
  readonly userId: UserId
}

/** What a cut-off covers: a whole tenant, or one user of it. */
export interface CutOffScope {
  readonly app: AppId
  readonly tenant: TenantId
  readonly userId: UserId | null
}

/** Everything in the scope that was created at or before `beforeMs` is ended. */
export interface CutOff {
  readonly beforeMs: EpochMs
  readonly reason: EndReason
  readonly nowMs: EpochMs
}

/** A page of a user's live sessions, oldest first. */
export interface SessionPage {
  readonly sessions: readonly Session[]
  /** Pass as `after` for the next page; null at the end. Opaque. */
  readonly next: string | null
}

/** One entry of the revocation log. */
export type RevocationEntry = {
  readonly app: AppId
  readonly tenant: TenantId
  readonly atMs: EpochMs
  readonly reason: EndReason
} & (
  | { readonly kind: 'session'; readonly handle: SessionHandle; readonly userId: UserId }
  | { readonly kind: 'cut-off'; readonly userId: UserId | null; readonly beforeMs: EpochMs }
)

/** A stretch of the revocation log. */
export interface RevocationPage {
  readonly entries: readonly RevocationEntry[]
  /** The position after the last entry; pass it on. Opaque, at most 128 characters. */
  readonly cursor: string
}

/**
 * The storage port of sessions. Every method is atomic by itself; no transaction crosses the port.
 * Reads are linearizable: they see every acknowledged write of every process. Every answer to a
 * write is given only after the write is durable. Trouble throws a `StoreError`.
 *
 * A row is *live* while it is not revoked, `nowMs < absoluteExpiresAtMs`, it was created after the
 * cut-offs of its user and tenant, and it is not idle. Here idle means surely idle, `nowMs >
 * idleExpiresAtMs + idleTimeoutMs`: a token of the row may be one idle period younger than the row,
 * and a session that can still be refreshed must be counted, listed and ended with the others.
 *
 * Wherever a `Session` is returned, a cut-off that covers it has been folded into `revokedAtMs`
 * (the cut-off's `nowMs`) and `endReason`: the row's own end comes first, then the user's cut-off,
 * then the tenant's. "Revoked" below means the folded value, unless it says otherwise.
 *
 * Order by (`createdAtMs`, handle) compares handles byte by byte. Page limits above
 * `PAGE_LIMIT_MAX` are cut down to it. A string that the engine cannot hold exactly (a lone
 * surrogate, a NUL) is refused with a throw, never stored as another string.
 */
export interface SessionStore {
  /**
   * Adds a row. With a limit, counting and inserting are one atomic step per user: concurrent
   * inserts never leave more than `max` live sessions; `end-oldest` ends the oldest by
   * (`createdAtMs`, handle), never the new one, with reason `limit` and logs each, as `revoke`
   * does. Now is the new row's `createdAtMs`. `duplicate` is found before the limit is looked at.
   *
   * `covered` is a row that would be born ended: a cut-off of its user or tenant, acknowledged
   * before this call began, has a `beforeMs` at or after its `createdAtMs`. It is found after
   * `duplicate` and before the limit; nothing is ended, and no row is left.
   */
  insert(session: Session, limit: SessionLimit | null): Promise<InsertOutcome>

  /** The row, live or ended, or undefined. */
  find(key: SessionKey): Promise<Session | undefined>

  /**
   * The one conditional write of the rotation rule. Applies `rotation.next` only while the row's
   * current hash equals `rotation.expected`, `revokedAtMs` is null, `rotation.nowMs <
   * absoluteExpiresAtMs`, `createdAtMs` is after the cut-offs, and it is not idle:
   * `rotation.nowMs <= max(idleExpiresAtMs, next.curMintedAtMs + idleTimeoutMs)`. Writes the
   * rotation columns and `idleExpiresAtMs = min(rotation.nowMs + idleTimeoutMs,
   * absoluteExpiresAtMs)`, nothing else; claims and data are never touched. One round trip: the
   * answer holds the row as it then is, whether it advanced or not; undefined without a row.
   */
  rotate(key: SessionKey, rotation: Rotation): Promise<RotateOutcome | undefined>

  /** Replaces the claims of a row that is not revoked; false if there is none. */
  updateClaims(key: SessionKey, claims: JsonObject): Promise<boolean>

  /** Replaces the data of a row that is not revoked; false if there is none. */
  updateData(key: SessionKey, data: JsonObject): Promise<boolean>

  /**
   * Ends a session and appends to the revocation log in the same write. True if this call ended
   * it; false if it was revoked before, is unknown, or `judged` no longer is the current hash.
   * Expiry is not looked at: whatever some clock still takes for live can be ended.
   */
  revoke(key: SessionKey, revocation: Revocation): Promise<boolean>

  /**
   * Ends all live sessions of a user but `except`, and appends each to the log, oldest first.
   * Without `except` it then does what `revokeBefore` does for the user at `nowMs`, log entry
   * included, so that an insert already under way cannot slip through. `judged` is not looked at.
   * Returns the handles that this call ended, oldest first.
   */
  revokeByUser(
    user: UserScope,
    revocation: Revocation & { readonly except: SessionHandle | null },
  ): Promise<readonly SessionHandle[]>

  /**
   * Raises the scope's cut-off and appends one entry to the log. O(1). The cut-off never goes back:
   * one at or below the present `beforeMs` leaves it as it is, and is logged all the same.
   */
  revokeBefore(scope: CutOffScope, cutOff: CutOff): Promise<void>

  /**
   * Live sessions of a user, oldest first by (`createdAtMs`, handle); stable under deletion. A
   * malformed `after` reads from the start.
   */
  listByUser(
    user: UserScope,
    page: { readonly nowMs: EpochMs; readonly limit: number; readonly after: string | null },
  ): Promise<SessionPage>

  /**
   * The log after a cursor, oldest first, at most `limit` entries; null means from the oldest
   * entry that is kept. An entry never appears behind a cursor already handed out, whatever
   * commits in which order: followers that pass cursors on miss nothing. A cursor that is none, or
   * lies beyond the end of the log (a store put back to an older state), reads from the oldest
   * entry: an entry seen twice does no harm.
   */
  revocationsAfter(cursor: string | null, limit: number): Promise<RevocationPage>

  /** The cursor of the log's end: what comes after it is new. */
  revocationsEnd(): Promise<string>

  /**
   * Deletes up to `limit` rows that ended: `nowMs >= absoluteExpiresAtMs`, surely idle, or revoked
   * themselves (a cut-off alone does not count) more than `REVOKED_KEPT_MS` ago. Returns how many
   * were deleted; fewer than `limit` only when none is left.
   */
  deleteExpired(nowMs: EpochMs, limit: number): Promise<number>

  /** Deletes up to `limit` log entries with `atMs < beforeMs`. Returns how many. */
  trimRevocations(beforeMs: EpochMs, limit: number): Promise<number>

  /**
   * Looks at the next cut-offs, at most `limit`, in the order of `walkCutOffs`, and deletes those
   * of users (never of a tenant: there are few, and what they cover is not indexed) that nobody
   * can need any more: `beforeMs` and `nowMs` of the cut-off are both below `settledMs`, and it
   * covers no row that is not revoked itself. `settledMs` has to be far enough back that no log-in
   * with an older `createdAtMs` can still be under way. A cut-off that is raised meanwhile stays.
   */
  sweepCutOffs(request: CutOffSweep): Promise<CutOffsSwept>
}

/** Where a sweep of cut-offs goes on. */
export interface CutOffSweep {
  readonly settledMs: EpochMs
  /** Null, or anything malformed, means from the start. */
  readonly after: string | null
  /** 1 to `PAGE_LIMIT_MAX`. */
  readonly limit: number
}

/** How far a sweep of cut-offs came. */
export interface CutOffsSwept {
  readonly deleted: number
  /** Pass as `after` to go on; null at the end. Opaque. */
  readonly next: string | null
}

/** How long a revoked row is kept, so that its reason can still be told: one day. */
export const REVOKED_KEPT_MS = 86_400_000
/** The most rows or entries one page may ask for. */
export const PAGE_LIMIT_MAX = 500
