import type { EpochMs } from '../domain/ids.ts'
import type { ContentStore } from './content-store.ts'
import type { RecordStore } from './record-store.ts'
import type { SessionStore } from './session-store.ts'

/** What a database plugin gives the core. */
export interface Store extends SessionStore, RecordStore, ContentStore {
  /** For messages: `sqlite`, `postgres`, … */
  readonly engine: string
  /** True if the database lives beside this core: only then may a master secret be invented. */
  readonly isEmbedded: boolean
  /**
   * Brings the schema up to date: forward only, idempotent, safe when N cores start at once.
   * Throws `StoreError('schema')` if the schema is newer than this build.
   */
  migrate(): Promise<void>
  /**
   * The clock of the database server, asked anew at each call, or null where it has none of its
   * own. A core that is more than 30 s from it decides nothing by the time.
   */
  clockMs(): Promise<EpochMs | null>
  /** Resolves if the database takes reads and writes now. */
  ping(): Promise<void>
  /** Finishes what is in flight and lets go of every resource. Idempotent. */
  close(): Promise<void>
}
