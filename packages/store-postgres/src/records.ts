import { RECORDS_MAX, type RecordKey, type RecordStore } from '@pawl/core'
import type { Database } from './database.ts'
import { exactText, recordColumns, rowToRecord } from './rows.ts'
import type { Statement } from './statement.ts'

const ofKey = 'kind = $1 AND app = $2 AND id = $3'

const findRecord: Statement = {
  name: 'pawl_record',
  effect: 'none',
  text: `SELECT ${recordColumns} FROM pawl_records WHERE ${ofKey}`,
}

const listRecords: Statement = {
  name: 'pawl_records',
  effect: 'none',
  text: `SELECT ${recordColumns} FROM pawl_records WHERE kind = $1 AND app = $2
    ORDER BY id LIMIT ${RECORDS_MAX}`,
}

const insertRecord: Statement = {
  name: 'pawl_record_insert',
  effect: 'once',
  text: `INSERT INTO pawl_records (${recordColumns}) VALUES ($1, $2, $3, 1, $4)
    ON CONFLICT DO NOTHING RETURNING 1`,
}

const replaceRecord: Statement = {
  name: 'pawl_record_replace',
  effect: 'once',
  text: `UPDATE pawl_records SET version = version + 1, value = $5
    WHERE ${ofKey} AND version = $4 RETURNING 1`,
}

const deleteRecord: Statement = {
  name: 'pawl_record_delete',
  effect: 'once',
  text: `DELETE FROM pawl_records WHERE ${ofKey} RETURNING 1`,
}

/** The methods of the port that are about records. */
export function postgresRecords(db: Database): RecordStore {
  const keyOf = ({ kind, app, id }: RecordKey) => [kind, app, id].map(exactText)
  const changes = async (statement: Statement, values: readonly (string | number)[]) =>
    (await db.run(statement, values)).length > 0
  return {
    findRecord: async (key) => {
      const [row] = await db.run(findRecord, keyOf(key))
      return row === undefined ? undefined : rowToRecord(row)
    },
    listRecords: async (kind, app) =>
      (await db.run(listRecords, [kind, app].map(exactText))).map(rowToRecord),
    insertRecord: async (key, value) => changes(insertRecord, [...keyOf(key), exactText(value)]),
    replaceRecord: async (key, expectedVersion, value) =>
      changes(replaceRecord, [...keyOf(key), expectedVersion, exactText(value)]),
    deleteRecord: async (key) => changes(deleteRecord, keyOf(key)),
  }
}
