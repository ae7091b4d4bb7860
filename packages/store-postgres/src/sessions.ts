import {
  type EpochMs,
  type JsonObject,
  type RotateOutcome,
  type Rotation,
  type SessionKey,
  StoreError,
} from '@pawl/core'
import {
  BEFORE_ALL,
  gatherCalls,
  pageSize,
  readSessionCursor,
  type SessionMethods,
  sessionPage,
  sweepInRounds,
  valuesToSession,
} from '@pawl/store-kit'
import { arraysOf } from './arrays.ts'
import { batchRows } from './batch-rows.ts'
import type { Database } from './database.ts'
import { insertSessions, insertWithin, outcomeOf } from './insertion.ts'
import { ofKey, type Pair, parametersOf } from './pairs.ts'
import {
  exactText,
  foldedColumns,
  isLive,
  isNotRevoked,
  joinCutOff,
  keyColumns,
  keyToRow,
  mayGo,
  mayRotate,
  nextSweep,
  plainColumns,
  type RotationValue,
  rotationColumns,
  rotationToRow,
  type SqlColumn,
  type SqlRow,
  sessionToRow,
  setRotation,
} from './rows.ts'
import type { Statement } from './statement.ts'

const ofParameters = 's.app = $1 AND s.tenant = $2 AND s.handle = $3'

const findSessions: Pair = {
  one: {
    name: 'pawl_find_one',
    effect: 'none',
    text: `SELECT 1, ${foldedColumns} FROM pawl_sessions s ${joinCutOff} WHERE ${ofParameters}`,
  },
  many: {
    name: 'pawl_find',
    effect: 'none',
    text: `SELECT i.n, ${foldedColumns}
      FROM ${batchRows(keyColumns)} JOIN pawl_sessions s ON ${ofKey} ${joinCutOff}`,
  },
}

/**
 * All rows have one snapshot. A row whose condition held in it but that was not moved has changed
 * since (`UPDATE` waits for other writers and then looks again): what the snapshot shows of it is
 * `stale`, and it has to be asked for again. Any other answer is the truth of the snapshot's
 * moment.
 *
 * Repeated after a lost answer it finds the condition gone and returns the row as it made it, which
 * the rule takes for what it is: the token that was presented is the current one.
 */
function rotateText(of: RotationValue, from: string, isOurs: string): string {
  return `moved AS (
      UPDATE pawl_sessions s SET ${setRotation(of)} ${from === '' ? '' : `FROM ${from}`}
      WHERE ${isOurs} AND ${mayRotate(of)} AND ${isNotRevoked}
      RETURNING ${of('n')}, ${plainColumns})
    SELECT m.*, 'moved' FROM moved m
    UNION ALL
    SELECT ${of('n')}, ${foldedColumns},
      CASE WHEN ${mayRotate(of)} AND k.at_ms IS NULL THEN 'stale' ELSE 'kept' END
    FROM ${from === '' ? '' : `${from} CROSS JOIN`} pawl_sessions s ${joinCutOff} WHERE ${isOurs}`
}

const inBatch: RotationValue = (column) => `i.${column}`
const alone: RotationValue = (column) => {
  const index = rotationColumns.findIndex(([name]) => name === column)
  return index < 0 ? '1' : (parametersOf(rotationColumns)[index] ?? '')
}

const rotateSessions: Pair = {
  one: {
    name: 'pawl_rotate_one',
    effect: 'repeatable',
    text: `WITH ${rotateText(alone, '', ofParameters)} AND NOT EXISTS (SELECT FROM moved)`,
  },
  many: {
    name: 'pawl_rotate',
    effect: 'repeatable',
    text: `WITH input AS (SELECT * FROM ${batchRows(rotationColumns)}),
      ${rotateText(inBatch, 'input i', ofKey)} AND i.n NOT IN (SELECT n FROM moved)`,
  },
}

function updateOf(column: 'claims' | 'data'): Statement {
  return {
    name: `pawl_update_${column}`,
    effect: 'once',
    text: `UPDATE pawl_sessions s SET ${column} = $4
      WHERE ${ofParameters} AND ${isNotRevoked} RETURNING 1`,
  }
}

const listSessions: Statement = {
  name: 'pawl_list',
  effect: 'none',
  text: `SELECT ${plainColumns} FROM pawl_sessions s
    WHERE s.app = $1 AND s.tenant = $2 AND s.user_id = $3 AND ${isLive('$4::bigint')}
      AND (s.created_ms, s.handle) > ($5::bigint, $6::text)
    ORDER BY s.created_ms, s.handle LIMIT $7`,
}

/** Looks at rows that are due, deletes what may go and moves the rest on; says how many of each. */
const sweepSessions: Statement = {
  name: 'pawl_sweep',
  effect: 'once',
  text: `WITH due AS (
      SELECT s.handle, s.app, s.tenant, ${mayGo} AS may_go, ${nextSweep} AS next_ms
      FROM pawl_sessions s WHERE s.sweep_ms <= $1::bigint
      ORDER BY s.sweep_ms LIMIT $2 FOR UPDATE SKIP LOCKED),
    gone AS (DELETE FROM pawl_sessions s USING due i WHERE ${ofKey} AND i.may_go RETURNING 1),
    moved AS (UPDATE pawl_sessions s SET sweep_ms = i.next_ms FROM due i
      WHERE ${ofKey} AND NOT i.may_go RETURNING 1)
    SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM moved)`,
}

/** How often a row that keeps changing under a rotation is tried again. */
const ROTATE_ATTEMPTS_MAX = 16
/** Where the handle stands in what names a row. */
const HANDLE_AT = 2
/** The most rows that one statement of the sweeper looks at, so that it holds no lock for long. */
const SWEEP_MAX = 1000

/** The methods of the port that are about rows. */
export function postgresSessions(db: Database, waitMaxMs: number): SessionMethods {
  // Handles are drawn at random: two sessions of one handle, in two apps, wait for each other.
  const keyOf = (row: SqlColumn) => String(row[HANDLE_AT])
  const nameOf = ([app, tenant, handle]: SqlColumn) => `${handle}\n${app}\n${tenant}`
  const batched = <Answer>(
    { one, many }: Pair,
    answersOf: (rows: readonly SqlRow[], requests: readonly SqlColumn[]) => readonly Answer[],
  ) =>
    gatherCalls<SqlColumn, Answer>({
      title: 'PostgreSQL',
      keyOf,
      waitMaxMs,
      run: async (requests) => {
        const [first, second] = requests
        const isAlone = first !== undefined && second === undefined
        const rows = await (isAlone ? db.run(one, first) : db.run(many, arraysOf(requests)))
        return answersOf(rows, requests)
      },
    })

  const find = batched(findSessions, inOrder)
  const rotate = batched(rotateSessions, inOrder)
  const insert = batched(insertSessions, (rows, requests) => {
    const reaches = new Map(rows.map((row) => [nameOf(row as SqlColumn), row[3] as EpochMs | null]))
    return requests.map((request) => outcomeOf(reaches.get(nameOf(request))))
  })
  const updateClaims = updateOf('claims')
  const updateData = updateOf('data')
  const update = async (statement: Statement, key: SessionKey, content: JsonObject) => {
    const rows = await db.run(statement, [...keyToRow(key), JSON.stringify(content)])
    return rows.length > 0
  }

  return {
    find: async (key) => {
      const row = await find(keyToRow(key))
      return row === undefined ? undefined : valuesToSession(row, 1)
    },
    rotate: (key, rotation) => rotateRow(rotate, key, rotation),
    insert: async (session, limit) => {
      const row = sessionToRow(session)
      return limit === null ? insert(row) : insertWithin(db, row, limit)
    },
    updateClaims: (key, claims) => update(updateClaims, key, claims),
    updateData: (key, data) => update(updateData, key, data),
    listByUser: async ({ app, tenant, userId }, page) => {
      const size = pageSize(page.limit)
      const user = [app, tenant, userId].map(exactText)
      const after = readSessionCursor(page.after) ?? BEFORE_ALL
      const rows = await db.run(listSessions, [...user, page.nowMs, ...after, size + 1])
      return sessionPage(
        rows.map((row) => valuesToSession(row)),
        size,
      )
    },
    deleteExpired: (nowMs, limit) =>
      sweepInRounds(limit, SWEEP_MAX, async (asked) => {
        const [row] = await db.run(sweepSessions, [nowMs, asked])
        const [gone, moved] = row as unknown as readonly [number, number]
        return { looked: gone + moved, gone }
      }),
  }
}

/** Puts rows that begin with their place in the batch, counted from 1, into its order. */
function inOrder(
  rows: readonly SqlRow[],
  requests: readonly SqlColumn[],
): readonly (SqlRow | undefined)[] {
  const answers = new Array<SqlRow | undefined>(requests.length).fill(undefined)
  for (const row of rows) answers[Number(row[0]) - 1] = row
  return answers
}

async function rotateRow(
  rotate: (request: SqlColumn) => Promise<SqlRow | undefined>,
  key: SessionKey,
  rotation: Rotation,
): Promise<RotateOutcome | undefined> {
  const request = rotationToRow(key, rotation)
  for (let attempt = 0; attempt < ROTATE_ATTEMPTS_MAX; attempt++) {
    const row = await rotate(request)
    if (row === undefined) return undefined
    const state = row.at(-1)
    if (state !== 'stale') return { session: valuesToSession(row, 1), advanced: state === 'moved' }
  }
  throw new StoreError('conflict', 'the row of a session changed all the time')
}
