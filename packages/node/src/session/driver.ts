import type { Outcome } from '@pawl/protocol'
import type { Config } from '../config.ts'
import type { CookieHostWatch } from '../http/cookie-host.ts'
import type { HeaderBytesWatch } from '../http/header-bytes.ts'
import type { TimeLearner } from '../learn-time.ts'
import type { PawlEvent } from '../options.ts'
import { PawlError } from '../pawl-error.ts'
import type { CoreCalls, NowMs } from '../ports.ts'
import type { Verifier } from '../tokens/verifier.ts'
import type { LocalRevocations } from './revocations.ts'

/** The parts of one driver, as the routes and sessions use them. */
export interface Driver {
  readonly config: Config
  readonly core: CoreCalls
  readonly verifier: Verifier
  readonly ended: LocalRevocations
  readonly announce: (event: PawlEvent) => void
  /** Asked wherever cookies with tokens are set. */
  readonly watchCookieHost: CookieHostWatch
  /** Told how many bytes of headers a grant took. */
  readonly watchHeaderBytes: HeaderBytesWatch
  readonly nowMs: NowMs
  /** Asked before `nowMs` decides how long ago a log-in was. */
  readonly time: TimeLearner
  /**
   * The core's race window in ms; asked for if it is not known yet, undefined if it is not to be
   * had within a second.
   */
  readonly raceWindowMs: () => Promise<number | undefined>
}

/**
 * The value of an outcome; a refusal is thrown as a `PawlError`. Routes call what uses this, after
 * the guard and maybe after work of their own: it is never answered as one to be repeated.
 */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.kind === 'refused') throw new PawlError(outcome, { isRepeatable: false })
  return outcome.value
}

/** Notes that sessions ended: their access tokens are refused here from now on. */
export function noteEnded(
  driver: Pick<Driver, 'ended' | 'announce' | 'nowMs'>,
  reason: string,
  ...ended: readonly {
    readonly handle: string
    readonly userId?: string
    readonly tenant?: string
  }[]
): void {
  const nowMs = driver.nowMs()
  const fresh = ended.filter(({ handle }) => !driver.ended.has(handle))
  driver.ended.add(
    fresh.map(({ handle }) => handle),
    nowMs,
  )
  for (const { handle, userId, tenant } of fresh) {
    const who = {
      ...(userId === undefined ? {} : { userId }),
      ...(tenant === undefined ? {} : { tenant }),
    }
    driver.announce({ kind: 'ended', atMs: nowMs, handle, reason, ...who })
  }
}
