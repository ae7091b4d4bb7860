import { type Clock, type EpochMs, type Store, StoreError } from '@pawl/core'
import { watchClock } from './clock-watch.ts'
import { type SteadyClock, steadyClock } from './steady-clock.ts'

/** What the time of a core is made of. */
export interface CoreClockOptions {
  readonly store: Store
  /**
   * The source of time. One that was given counts alone: it is no clock of a machine, so that the
   * store's is not asked. Default: the clock of this machine.
   */
  readonly clock?: Clock | undefined
  /** Whether the clock of the store is the witness, where it has one. Default true. */
  readonly trustsStoreClock?: boolean | undefined
  /** Whether the stored time is neither read nor written. Default false. */
  readonly isVisitor?: boolean
  readonly onTrouble: (error: unknown) => void
}

/** The time of a core. */
export interface CoreClock {
  readonly clock: SteadyClock
  /** The same for whatever decides by it: throws a `StoreError` while there is a fault. */
  readonly decisive: SteadyClock
  /** Why nothing may be decided by the time now; null if all is well. */
  readonly fault: () => string | null
  /** The clock of the store; null if it has none of its own. */
  readonly storeMs: () => Promise<number | null>
  /** Stores the time a last time and looks no more. */
  readonly stop: () => Promise<void>
}

const systemClock: Clock = { nowMs: () => Date.now() as EpochMs }

/** Finds out what time it is, and watches over it. */
export async function openCoreClock(options: CoreClockOptions): Promise<CoreClock> {
  const { store, isVisitor = false, onTrouble, clock: wall = systemClock } = options
  const isOfMachine = options.clock === undefined
  const asksStore = isOfMachine && options.trustsStoreClock !== false
  const clock = steadyClock(wall, isOfMachine ? () => performance.now() : () => 0)
  const storeMs = async (): Promise<number | null> => (asksStore ? store.clockMs() : null)
  const watch = await watchClock({ store, storeMs, wall, clock, isVisitor, onTrouble })
  const decisive: SteadyClock = {
    ...clock,
    nowMs() {
      const nowMs = clock.nowMs()
      // Asked afterwards: it is the look at the clock that finds out about a step.
      const fault = watch.fault()
      if (fault !== null) throw new StoreError('unavailable', fault)
      return nowMs
    },
  }
  return { clock, decisive, fault: watch.fault, storeMs, stop: watch.stop }
}
