import type { EpochMs } from '../domain/ids.ts'

/** The only source of time in the core. */
export interface Clock {
  /** Milliseconds since the epoch, by this core's own clock. */
  nowMs(): EpochMs
}
