import type { EngineName } from '../engines/index.ts'
import type { Cores } from './cores.ts'
import type { Load } from './load.ts'

/** What trouble is made with. */
export interface Scene {
  readonly cores: Cores
  readonly load: Load
}

/** One kind of trouble. */
export interface Fault {
  /** As in "is served again after …". */
  readonly name: string
  /** Makes the trouble, and resolves when it is over. */
  readonly strike: (scene: Scene) => Promise<void>
}

/** A database under our hand, and what can be done to it. */
export interface Ground {
  /** What the cores are started with. */
  readonly env: Readonly<Record<string, string>>
  readonly faults: readonly Fault[]
  /** Copies what the database holds now; what comes back puts that back, under load. */
  readonly keepCopy: (scene: Scene) => Promise<() => Promise<void>>
  /** Adds what a later release might, a column and a table, and marks the schema as its own. */
  readonly migrateAsNextRelease: () => Promise<void>
  /** Makes the database want room now: it may have some of its own to write in for a while. */
  readonly wantRoom: (scene: Scene) => Promise<void>
  /**
   * Waits until clients are served, or finds that the database server has ended; then starts it
   * again and says so with true.
   */
  readonly revive: (scene: Scene) => Promise<boolean>
  readonly close: () => Promise<void>
}

/** One row of the table of engines. */
export interface GroundKind {
  readonly name: EngineName | 'sqlite'
  /** @param folder where the data are to be; default: a temporary one */
  readonly open: (folder?: string) => Promise<Ground>
}
