import { RECORDS_MAX, type RecordKey, type RecordStore } from '@pawl/core'
import type { Database } from './database.ts'
import { isDuplicate } from './errors.ts'
import { recordColumns, recordToRow, rowToRecord } from './rows.ts'
import { quote } from './values.ts'

const selectRecords = `SELECT ${recordColumns} FROM pawl_records`

function ofRecord({ kind, app, id }: RecordKey): string {
  return `kind = ${quote(kind)} AND app = ${quote(app)} AND id = ${quote(id)}`
}

/** The methods of the port that are about records. */
export function mysqlRecords(db: Database): RecordStore {
  const changes = async (text: string) => (await db.run('once', text))[0]?.matched === 1
  const find = async (condition: string) => {
    const [found] = await db.run('none', `${selectRecords} WHERE ${condition}`)
    return (found?.rows ?? []).map(rowToRecord)
  }
  return {
    findRecord: async (key) => (await find(ofRecord(key)))[0],
    listRecords: (kind, app) =>
      find(`kind = ${quote(kind)} AND app = ${quote(app)} ORDER BY id LIMIT ${RECORDS_MAX}`),
    insertRecord: async (key, value) => {
      const values = recordToRow({ ...key, version: 1, value }).join(', ')
      try {
        return await changes(`INSERT INTO pawl_records (${recordColumns}) VALUES (${values})`)
      } catch (error) {
        if (isDuplicate(error)) return false
        throw error
      }
    },
    replaceRecord: (key, expectedVersion, value) =>
      changes(`UPDATE pawl_records SET version = version + 1, value = ${quote(value)}
        WHERE ${ofRecord(key)} AND version = ${quote(expectedVersion)}`),
    deleteRecord: (key) => changes(`DELETE FROM pawl_records WHERE ${ofRecord(key)}`),
  }
}
