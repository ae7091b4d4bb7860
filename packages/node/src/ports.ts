import type { CoreApi, Operation, Outcome, RequestOf, ResponseOf } from '@pawl/protocol'

/** Time in milliseconds since the epoch; tests hand in their own. */
export type NowMs = () => number

/** Runs `task` after `delayMs`; gives back how to call it off. Never keeps the process alive. */
export type Schedule = (task: () => void, delayMs: number) => () => void

/**
 * A core as the driver calls it: a `CoreApi` whose calls may also be given up (`signal`). An
 * embedded core ignores the signal.
 */
export type CoreCalls = {
  readonly [K in Operation]: (
    request: RequestOf<K>,
    signal?: AbortSignal,
  ) => Promise<Outcome<ResponseOf<K>>>
} & Pick<CoreApi, 'followRevocations' | 'close'>

/** Something an operator should know; never holds a token. */
export interface Fault {
  readonly where: 'core' | 'keys' | 'hook' | 'reports' | 'feed' | 'cookies' | 'headers'
  readonly message: string
  readonly cause?: unknown
}

/** Where faults go. */
export type ReportFault = (fault: Fault) => void
