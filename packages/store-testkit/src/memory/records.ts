import { RECORDS_MAX, type RecordKey, type StoredRecord } from '@pawl/core'
import type { MemoryState } from './state.ts'

/** The methods of the port that are about records. */
export function memoryRecords(state: MemoryState) {
  const { records } = state
  return {
    findRecord: (key: RecordKey): StoredRecord | undefined => records.get(recordKeyText(key)),
    listRecords: (kind: string, app: string): readonly StoredRecord[] =>
      [...records.values()]
        .filter((record) => record.kind === kind && record.app === app)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, RECORDS_MAX),
    insertRecord: (key: RecordKey, value: string): boolean => {
      if (records.has(recordKeyText(key))) return false
      put(state, key, { version: 1, value })
      return true
    },
    replaceRecord: (key: RecordKey, expectedVersion: number, value: string): boolean => {
      if (records.get(recordKeyText(key))?.version !== expectedVersion) return false
      put(state, key, { version: expectedVersion + 1, value })
      return true
    },
    deleteRecord: (key: RecordKey): boolean => records.delete(recordKeyText(key)),
  }
}

/** A map key for a record. */
export function recordKeyText(key: RecordKey): string {
  return JSON.stringify([key.kind, key.app, key.id])
}

function put(
  state: MemoryState,
  { kind, app, id }: RecordKey,
  content: Pick<StoredRecord, 'version' | 'value'>,
): void {
  state.records.set(recordKeyText({ kind, app, id }), Object.freeze({ kind, app, id, ...content }))
}
