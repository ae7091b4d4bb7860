import { RECORDS_MAX, type RecordKey, type RecordStore } from '@pawl/core'
import { exactText } from '@pawl/store-kit'
import type { Database } from './database.ts'
import { DUPLICATE_KEY, serverCode } from './errors.ts'
import { documentToRecord } from './log-rows.ts'
import { placeOf } from './names.ts'

/** The methods of the port that are about records: one document each. */
export function mongodbRecords(db: Database): RecordStore {
  const idOf = ({ kind, app, id }: RecordKey) => placeOf(kind, app, id)
  return {
    findRecord: async (key) => {
      const found = await db.run('none', ({ records }) => records.findOne({ _id: idOf(key) }))
      return found === null ? undefined : documentToRecord(found)
    },
    listRecords: async (kind, app) => {
      const place = placeOf(kind, app)
      // `;` is what follows `:`: all ids that begin with the place and a colon, in their order.
      const range = { _id: { $gt: `${place}:`, $lt: `${place};` } }
      const found = await db.run('none', ({ records }) =>
        records.find(range).sort({ _id: 1 }).limit(RECORDS_MAX).toArray(),
      )
      return found.map(documentToRecord)
    },
    insertRecord: (key, value) =>
      db.run('once', async ({ records }) => {
        try {
          await records.insertOne({ _id: idOf(key), version: 1, value: exactText(value) })
          return true
        } catch (error) {
          if (serverCode(error) === DUPLICATE_KEY) return false
          throw error
        }
      }),
    replaceRecord: async (key, expectedVersion, value) => {
      const filter = { _id: idOf(key), version: expectedVersion }
      const update = { $set: { version: expectedVersion + 1, value: exactText(value) } }
      const { matchedCount } = await db.run('once', ({ records }) =>
        records.updateOne(filter, update),
      )
      return matchedCount === 1
    },
    deleteRecord: async (key) => {
      const { deletedCount } = await db.run('once', ({ records }) =>
        records.deleteOne({ _id: idOf(key) }),
      )
      return deletedCount === 1
    },
  }
}
