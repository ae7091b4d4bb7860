import {
  type JsonObject,
  type RotateOutcome,
  type Rotation,
  type SessionKey,
  StoreError,
} from '@pawl/core'
import {
  gatherCalls,
  pageSize,
  readSessionCursor,
  rotationColumns,
  type SessionMethods,
  sessionPage,
  shouldHaveMoved,
  sweepInRounds,
} from '@pawl/store-kit'
import { atomically, type Database } from './database.ts'
import { isDuplicate } from './errors.ts'
import { insertUncovered, insertWithin, whyNotInserted } from './insertion.ts'
import { newMark } from './log.ts'
import {
  foldedColumns,
  isLive,
  isNotRevoked,
  joinCutOffs,
  keyToRow,
  mayGo,
  mayRotate,
  nextSweep,
  ofKey,
  ofUser,
  plainColumns,
  rotationToRow,
  rowToSession,
  sessionToRow,
  setRotation,
} from './rows.ts'
import { type QuotedRow, quote, type SqlRow, textOf } from './values.ts'

/** The most characters that one packet carries, but for a single request that is longer. */
const PACKET_CHARS_MAX = 1_000_000

/** One row of a statement that takes many. */
interface SqlRequest {
  readonly key: string
  readonly values: QuotedRow
}

/** Rows of some handles; other apps may have the same ones. */
function selectRows(requests: readonly SqlRequest[], columns = foldedColumns): string {
  const handles = requests.map(({ values }) => values[2]).join(', ')
  return `SELECT ${columns} FROM pawl_sessions s FORCE INDEX (PRIMARY) ${joinCutOffs}
    WHERE s.handle IN (${handles})`
}

/** The rotations `i`, and the rows `s` that each of them moves: see `mayRotate`. */
function moveRows(requests: readonly SqlRequest[], mark: number): string {
  const [first, ...others] = requests.map(({ values }) => values)
  const named = first?.map((value, index) => `${value} AS ${rotationColumns[index]}`).join(', ')
  const rotations = [named, ...others.map((values) => values.join(', '))]
  return `UPDATE (${rotations.map((each) => `SELECT ${each}`).join(' UNION ALL ')}) i
    STRAIGHT_JOIN pawl_sessions s ON s.handle = i.handle AND s.app = i.app AND s.tenant = i.tenant
    ${joinCutOffs} SET ${setRotation}, s.mark = ${mark} WHERE ${mayRotate} AND ${isNotRevoked}`
}

/** How often a row that keeps changing under a rotation is tried again. */
const ROTATE_ATTEMPTS_MAX = 16
/** The most rows that one packet of the sweeper looks at, so that it holds no lock for long. */
const SWEEP_MAX = 1000

/** The methods of the port that are about rows. */
export function mysqlSessions(db: Database, waitMaxMs: number): SessionMethods {
  const gathered = <Answer>(run: (requests: readonly SqlRequest[]) => Promise<readonly Answer[]>) =>
    gatherCalls<SqlRequest, Answer>({
      title: 'MySQL',
      keyOf: ({ key }) => key,
      size: { of: charsOf, max: PACKET_CHARS_MAX },
      waitMaxMs,
      run,
    })
  const find = gathered(async (requests) => {
    const [found] = await db.run('none', selectRows(requests))
    return inOrder(found?.rows ?? [], requests)
  })
  const rotate = gathered(async (requests) => {
    const mark = newMark()
    const columns = `${foldedColumns}, s.mark = ${mark}`
    const packet = atomically(moveRows(requests, mark), selectRows(requests, columns))
    const [, , found] = await db.run('repeatable', ...packet)
    return inOrder(found?.rows ?? [], requests)
  })
  const insert = gathered((requests) =>
    insertUncovered(
      db,
      requests.map(({ values }) => values),
    ),
  )
  const update = async (column: 'claims' | 'data', key: SessionKey, content: JsonObject) => {
    const set = `s.${column} = ${quote(JSON.stringify(content))}`
    const text = `UPDATE pawl_sessions s ${joinCutOffs} SET ${set}
      WHERE ${ofKey(key)} AND ${isNotRevoked}`
    return (await db.run('once', text))[0]?.matched === 1
  }

  return {
    find: async (key) => {
      const row = await find(requestOf(key, keyToRow(key)))
      return row === undefined ? undefined : rowToSession(row)
    },
    rotate: (key, rotation) => rotateRow(rotate, key, rotation),
    insert: async (session, limit) => {
      try {
        if (limit !== null) return await insertWithin(db, session, limit)
        const row = sessionToRow(session)
        if (await insert(requestOf(session, row))) return { kind: 'inserted', ended: [] }
        return await whyNotInserted(db, row)
      } catch (error) {
        if (isDuplicate(error)) return { kind: 'duplicate' }
        throw error
      }
    },
    updateClaims: (key, claims) => update('claims', key, claims),
    updateData: (key, data) => update('data', key, data),
    listByUser: async (user, page) => {
      const size = pageSize(page.limit)
      const [found] = await db.run(
        'none',
        `SELECT ${plainColumns} FROM pawl_sessions s FORCE INDEX (pawl_by_user) ${joinCutOffs}
          WHERE ${ofUser(user)} AND ${isLive(page.nowMs)} ${isAfter(page.after)}
          ORDER BY s.created_ms, s.handle LIMIT ${size + 1}`,
      )
      return sessionPage((found?.rows ?? []).map(rowToSession), size)
    },
    deleteExpired: (nowMs, limit) =>
      sweepInRounds(limit, SWEEP_MAX, (asked) => sweep(db, nowMs, asked)),
  }
}

function charsOf({ values }: SqlRequest): number {
  return values.reduce((sum, value) => sum + value.length, 0)
}

function requestOf({ app, tenant, handle }: SessionKey, values: QuotedRow): SqlRequest {
  return { key: keyTextOf([app, tenant, handle]), values }
}

/** One text for what names a row: handles first, since rows lie in their order. */
function keyTextOf([app, tenant, handle]: readonly unknown[]): string {
  return `${handle}\n${app}\n${tenant}`
}

function inOrder(rows: readonly SqlRow[], requests: readonly SqlRequest[]) {
  const byKey = new Map(rows.map((row) => [keyTextOf(row), row]))
  return requests.map(({ key }) => byKey.get(key))
}

async function rotateRow(
  rotate: (request: SqlRequest) => Promise<SqlRow | undefined>,
  key: SessionKey,
  rotation: Rotation,
): Promise<RotateOutcome | undefined> {
  const request = requestOf(key, rotationToRow(key, rotation))
  for (let attempt = 0; attempt < ROTATE_ATTEMPTS_MAX; attempt++) {
    const row = await rotate(request)
    if (row === undefined) return undefined
    const [session, advanced] = [rowToSession(row), row.at(-1) === 1]
    // The row changed between the write, which let it be, and the read.
    if (advanced || !shouldHaveMoved(session, rotation)) return { session, advanced }
  }
  throw new StoreError('conflict', 'the row of a session changed all the time')
}

/** Where a page begins; at the start if the text is none of ours. */
function isAfter(after: string | null): string {
  const position = readSessionCursor(after)
  if (position === undefined) return ''
  const [ms, handle] = position.map(quote)
  return `AND s.created_ms >= ${ms} AND (s.created_ms > ${ms} OR s.handle > ${handle})`
}

/** Looks at rows that are due, deletes what may go and moves the rest on. */
async function sweep(db: Database, nowMs: number, limit: number) {
  const [due] = await db.run(
    'none',
    `SELECT s.app, s.tenant, s.handle FROM pawl_sessions s FORCE INDEX (pawl_by_sweep)
      WHERE s.sweep_ms <= ${quote(nowMs)} ORDER BY s.sweep_ms LIMIT ${limit}`,
  )
  const keys = (due?.rows ?? []).map((row) => row.map((each) => quote(textOf(each))))
  if (keys.length === 0) return { looked: 0, gone: 0 }
  const isDue = `s.handle IN (${keys.map(([, , handle]) => handle).join(', ')})
    AND (s.app, s.tenant, s.handle) IN (${keys.map((key) => `(${key.join(', ')})`).join(', ')})
    AND s.sweep_ms <= ${quote(nowMs)}`
  const [gone] = await db.run(
    'once',
    `DELETE s FROM pawl_sessions s FORCE INDEX (PRIMARY) WHERE ${isDue} AND ${mayGo(nowMs)}`,
    `UPDATE pawl_sessions s FORCE INDEX (PRIMARY) SET s.sweep_ms = ${nextSweep} WHERE ${isDue}`,
  )
  return { looked: keys.length, gone: gone?.matched ?? 0 }
}
