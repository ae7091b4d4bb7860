import path from 'node:path'
import {
  RECORDS_MAX,
  type RecordStore,
  type Session,
  type SessionLimit,
  type Store,
  type UserScope,
} from '@pawl/core'
import {
  type ContentMethods,
  entryToValues,
  exactText,
  type RevocationMethods,
  type SessionMethods,
  sweepInRounds,
  valuesToSession,
} from '@pawl/store-kit'
import { type Connection, connect } from './connection.ts'
import { walkCutOffs, walkRecords, walkSessions } from './content-reads.ts'
import { readAfter, readLogEnd, readUserPage } from './reads.ts'
import * as rows from './rows.ts'
import type { LimitedInsert } from './session-writes.ts'
import type { ThreadUse } from './shifting-writer.ts'
import * as sql from './sql.ts'

/** Where the database is. */
export interface SqliteStoreOptions {
  /** The database file. It and its folder are made, for the owner alone, if they do not exist. */
  readonly path: string
  /**
   * Whether writes are done in a thread of their own: `when-busy` (the default) once this thread
   * has spent a good part of its time on them; `from-start`; or `never`.
   */
  readonly thread?: ThreadUse
}

/** Rows that one step of a sweep looks at: it bounds how long other writes wait for it. */
const SWEEP_STEP = 200

/**
 * A store on SQLite, in this process (node:sqlite). Every answer to a write comes after its commit
 * is on the disk (WAL, synchronous FULL); concurrent writes share a commit. Several processes may
 * use one file at the same time, on one machine. The file is opened on first use.
 *
 * Errors: `read-only` for a full or read-only disk, `corrupt` for a damaged file or one that is no
 * database, `conflict` when other processes keep the write lock for seconds, `schema` before
 * `migrate` and for a newer schema, `closed` after `close`, `unavailable` for the rest.
 */
export function sqliteStore(options: SqliteStoreOptions): Store {
  if (options.path === '' || options.path.startsWith(':')) {
    throw new TypeError('sqliteStore needs the path of a file')
  }
  const connection = connect(path.resolve(options.path), options.thread ?? 'when-busy')
  return {
    engine: 'sqlite',
    isEmbedded: true,
    ...sessionMethods(connection),
    ...revocationMethods(connection),
    ...recordMethods(connection),
    ...contentMethods(connection),
    clockMs: async () => connection.read(() => null),
    migrate: () => connection.migrate(),
    ping: () => connection.ping(),
    close: () => connection.close(),
  }
}

function sessionMethods({ read, write }: Connection): SessionMethods {
  return {
    insert: async (session, limit) => {
      const row = rows.sessionToRow(session)
      const limited = limit === null ? null : limitedInsert(session, limit)
      const key = rows.keyToRow(session)
      const covering = [...key.slice(0, 2), session.userId, session.createdAtMs]
      return write('insertRow', { row, key, covering, limited })
    },
    find: async (key) =>
      read((db) => {
        const [row] = db.statement(sql.selectSession).all(key.app, key.tenant, key.handle)
        return row === undefined ? undefined : valuesToSession(row)
      }),
    rotate: async (key, rotation) => {
      const values = [...rows.rotationToRow(rotation), ...rows.keyToRow(key)]
      const output = await write('rotateRow', values)
      if (output === null) return undefined
      if ('found' in output) return { session: valuesToSession(output.found), advanced: false }
      return { session: rows.rotatedSession(key, rotation, output.kept), advanced: true }
    },
    updateClaims: async (key, claims) =>
      write('updateContent', {
        column: 'claims',
        key: rows.keyToRow(key),
        text: JSON.stringify(claims),
      }),
    updateData: async (key, data) =>
      write('updateContent', {
        column: 'data',
        key: rows.keyToRow(key),
        text: JSON.stringify(data),
      }),
    listByUser: async (user, page) => read((db) => readUserPage(db, user, page)),
    deleteExpired: (nowMs, limit) =>
      sweepInRounds(limit, SWEEP_STEP, (asked) => write('deleteExpired', { nowMs, limit: asked })),
  }
}

/** Only what is named crosses to the writer: callers may pass objects that hold more. */
function plainUser({ app, tenant, userId }: UserScope): UserScope {
  return { app, tenant, userId }
}

function limitedInsert(session: Session, limit: SessionLimit): LimitedInsert {
  const { max, policy } = limit
  return { user: plainUser(session), nowMs: session.createdAtMs, limit: { max, policy } }
}

function revocationMethods({ read, write }: Connection): RevocationMethods {
  return {
    revoke: async (key, { reason, nowMs, judged = null }) =>
      write('revokeSession', { key: rows.keyToRow(key), reason, nowMs, judged }),
    revokeByUser: async (user, { reason, nowMs, except }) =>
      write('revokeByUser', { user: plainUser(user), reason, nowMs, except }),
    revokeBefore: async ({ app, tenant, userId }, { beforeMs, reason, nowMs }) => {
      const scope = { app, tenant, userId }
      await write('revokeBefore', { scope, cutOff: { beforeMs, reason, nowMs } })
    },
    revocationsAfter: async (cursor, limit) => read((db) => readAfter(db, cursor, limit)),
    revocationsEnd: async () => read((db) => String(readLogEnd(db))),
    trimRevocations: async (beforeMs, limit) => write('trimRevocations', { beforeMs, limit }),
  }
}

function recordMethods({ read, write }: Connection): RecordStore {
  return {
    findRecord: async ({ kind, app, id }) =>
      read((db) => {
        const [row] = db.statement(sql.selectRecord).all(kind, app, id)
        return row === undefined ? undefined : rows.rowToRecord(row)
      }),
    listRecords: async (kind, app) =>
      read((db) =>
        db.statement(sql.selectRecords).all(kind, app, RECORDS_MAX).map(rows.rowToRecord),
      ),
    insertRecord: async (key, value) =>
      write('insertRecord', { key: rows.recordKeyToRow(key), value: exactText(value) }),
    replaceRecord: async (key, expectedVersion, value) =>
      write('replaceRecord', {
        key: rows.recordKeyToRow(key),
        expectedVersion,
        value: exactText(value),
      }),
    deleteRecord: async (key) => write('deleteRecord', rows.recordKeyToRow(key)),
  }
}

function contentMethods({ read, write }: Connection): ContentMethods {
  return {
    walkSessions: async (after, limit) => read((db) => walkSessions(db, after, limit)),
    walkCutOffs: async (after, limit) => read((db) => walkCutOffs(db, after, limit)),
    walkRecords: async (after, limit) => read((db) => walkRecords(db, after, limit)),
    put: async ({ sessions = [], cutOffs = [], records = [], revocations = [] }) => {
      await write('putContent', {
        sessions: sessions.map(rows.sessionToRow),
        cutOffs: cutOffs.map(rows.cutOffToRow),
        records: records.map(rows.recordToRow),
        revocations: revocations.map((entry) => entryToValues(entry)),
      })
    },
    sweepCutOffs: async ({ settledMs, after, limit }) =>
      write('sweepCutOffs', { settledMs, after, limit }),
  }
}
