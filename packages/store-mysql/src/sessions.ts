import {
  type InsertOutcome,
  type JsonObject,
  type RotateOutcome,
  type Rotation,
  type Session,
  type SessionHandle,
  type SessionKey,
  type SessionLimit,
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
import { atomically, type Database, type SqlResult } from './database.ts'
import { isDuplicate } from './errors.ts'
import { logMarked, newMark } from './log.ts'
import {
  foldedColumns,
  insertColumns,
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
  setRevoked,
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

const insertInto = `INSERT INTO pawl_sessions (${insertColumns.join(', ')})`

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

/**
 * A log-in that may have to make room first, as one packet. The turn comes first: what is counted
 * under it stays counted. Rows are locked before they are counted, for a lock taken while they are
 * read, and raised then, is a deadlock. The fourth and the last result tell the outcome.
 */
function insertWithin(session: Session, { max, policy }: SessionLimit): readonly string[] {
  const mark = newMark()
  const user = ofUser(session)
  const turn = [session.app, session.tenant, session.userId].map(quote).join(", '\\n', ")
  const live = `FROM pawl_sessions s ${joinCutOffs}
    WHERE ${user} AND ${isLive(session.createdAtMs)}`
  const endsOldest = policy === 'end-oldest'
  const end = `UPDATE (SELECT handle FROM (
      SELECT s.handle, ROW_NUMBER() OVER (ORDER BY s.created_ms, s.handle) AS place ${live}) r
      WHERE place <= @pawl_excess AND @pawl_known = 0) d
    STRAIGHT_JOIN pawl_sessions s ON s.handle = d.handle AND ${user}
    SET ${setRevoked(session.createdAtMs, 'limit', mark)}`
  return atomically(
    `SELECT turn FROM pawl_turns WHERE turn = CRC32(CONCAT(${turn})) % 256 FOR UPDATE`,
    `SELECT handle FROM pawl_sessions s WHERE ${user} AND s.revoked_ms IS NULL
      ORDER BY s.created_ms, s.handle ${endsOldest ? 'FOR UPDATE' : ''}`,
    `SELECT COUNT(*) INTO @pawl_known FROM pawl_sessions s WHERE ${ofKey(session)}`,
    `SELECT COUNT(*) - ${quote(max)} + 1 INTO @pawl_excess ${live}`,
    `SELECT s.handle ${live} ORDER BY s.created_ms, s.handle`,
    ...(endsOldest ? [end, ...logMarked(user, mark)] : []),
    `${insertInto} SELECT ${sessionToRow(session).join(', ')} FROM DUAL
      WHERE @pawl_known = 0 AND ${endsOldest ? 'TRUE' : '@pawl_excess <= 0'}`,
    'SELECT @pawl_known, @pawl_excess',
  )
}

/** Where the live rows and the outcome stand among the results of {@link insertWithin}. */
const LIVE_AT = 5
const OUTCOME_AT = -2

function readOutcome(results: readonly SqlResult[], { policy }: SessionLimit): InsertOutcome {
  const [known, excess] = (results.at(OUTCOME_AT)?.rows[0] ?? []) as readonly number[]
  if (known !== 0) return { kind: 'duplicate' }
  const ending = Math.max(0, Number(excess))
  if (ending > 0 && policy === 'refuse') return { kind: 'limit-reached' }
  const live = results[LIVE_AT]?.rows ?? []
  const ended = live.slice(0, ending).map(([handle]) => textOf(handle) as SessionHandle)
  return { kind: 'inserted', ended }
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
  const insert = gathered(async (requests) => {
    const rows = requests.map(({ values }) => `(${values.join(', ')})`)
    await db.run('once', `${insertInto} VALUES ${rows.join(', ')}`)
    return requests
  })
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
        if (limit !== null) {
          return readOutcome(await db.run('once', ...insertWithin(session, limit)), limit)
        }
        await insert(requestOf(session, sessionToRow(session)))
        return { kind: 'inserted', ended: [] }
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
