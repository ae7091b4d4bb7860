/**
 * Small, rarely written documents of the control plane: signing keys, the secret's fingerprint,
 * apps, tenants, API keys. One generic table, so that a new kind needs no migration in any engine.
 */
export interface StoredRecord extends RecordKey {
  /** 1 when inserted, plus 1 at each replace. */
  readonly version: number
  /** JSON text, at most `RECORD_VALUE_MAX_CHARS`. Secrets in it are sealed before they get here. */
  readonly value: string
}

/** What names a record. */
export interface RecordKey {
  /** What it is: 1 to 32 characters of `[a-z-]`. */
  readonly kind: string
  /** The app it belongs to, or `*` for the whole installation. */
  readonly app: string
  /** 1 to 128 printable ASCII characters. */
  readonly id: string
}

/** The storage port of records. Atomic per record; linearizable; durable when answered. */
export interface RecordStore {
  findRecord(key: RecordKey): Promise<StoredRecord | undefined>
  /** All records of a kind and app, by id in ascending byte order; at most `RECORDS_MAX`. */
  listRecords(kind: string, app: string): Promise<readonly StoredRecord[]>
  /** False if the key exists already: of N processes that insert at once, exactly one gets true. */
  insertRecord(key: RecordKey, value: string): Promise<boolean>
  /** Compare-and-swap on the version; false if it moved on or the record is gone. */
  replaceRecord(key: RecordKey, expectedVersion: number, value: string): Promise<boolean>
  /** False if there was none. */
  deleteRecord(key: RecordKey): Promise<boolean>
}

/** The largest value of a record, in characters. */
export const RECORD_VALUE_MAX_CHARS = 65_536
/** The most records of one kind and app. */
export const RECORDS_MAX = 10_000
