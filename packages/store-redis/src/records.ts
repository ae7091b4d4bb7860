import { RECORDS_MAX, type RecordStore } from '@pawl/core'
import { exactText } from '@pawl/store-kit'
import { recordPlaceOf, textToRecord } from './rows.ts'
import { insertRecordScript, replaceRecordScript } from './scripts.ts'
import type { Server } from './server.ts'

/** The methods of the port that are about records: one hash per kind and app. */
export function redisRecords(server: Server): RecordStore {
  const hashOf = (key: { kind: string; app: string }) => `${server.prefix}r:${recordPlaceOf(key)}`
  return {
    findRecord: async (key) => {
      const text = await server.send('none', ['HGET', hashOf(key), exactText(key.id)])
      return typeof text === 'string' ? textToRecord(key, text) : undefined
    },
    listRecords: async (kind, app) => {
      const reply = await server.send('none', ['HGETALL', hashOf({ kind, app })])
      const flat = reply as readonly string[]
      const ids = flat.filter((_, index) => index % 2 === 0)
      return ids
        .map((id, index) => textToRecord({ kind, app, id }, flat[2 * index + 1] ?? ''))
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, RECORDS_MAX)
    },
    insertRecord: async (key, value) => {
      const args = [recordPlaceOf(key), exactText(key.id), exactText(value)]
      return (await server.run(insertRecordScript, args)) === 1
    },
    replaceRecord: async (key, expectedVersion, value) => {
      const change = [String(expectedVersion), exactText(value)]
      const args = [recordPlaceOf(key), exactText(key.id), ...change]
      return (await server.run(replaceRecordScript, args)) === 1
    },
    deleteRecord: async (key) =>
      (await server.send('once', ['HDEL', hashOf(key), exactText(key.id)])) === 1,
  }
}
