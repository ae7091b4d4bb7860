import type { PawlOptions } from '../options.ts'
import type { CoreCalls, NowMs, ReportFault, Schedule } from '../ports.ts'
import { makeFeedFollower } from './feed-follower.ts'
import { FEED_DEFAULTS } from './feed-options.ts'
import { makeRevocationGate, OPEN_GATE, type RevocationGate } from './revocation-gate.ts'
import { makeRevokedMemory } from './revoked-memory.ts'

/** The feed of revocations of one driver. */
export interface OpenFeed {
  readonly gate: RevocationGate
  /** Starts to follow; resolves once the feed was taken in, or the first try has failed. */
  readonly firstTry: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Puts memory, follower and gate together. Nothing is followed before the first verification. */
export function openFeed(
  options: Pick<PawlOptions, 'revocationFeed'>,
  parts: {
    readonly core: CoreCalls
    readonly nowMs: NowMs
    readonly schedule: Schedule
    readonly reportFault: ReportFault
  },
): OpenFeed {
  const { revocationFeed = {} } = options
  if (revocationFeed === false) {
    return { gate: OPEN_GATE, firstTry: async () => {}, close: async () => {} }
  }
  const own = { ...FEED_DEFAULTS, ...revocationFeed }
  const memory = makeRevokedMemory(own.entriesMax)
  const follower = makeFeedFollower({ ...parts, memory })
  const gate = makeRevocationGate({ ...parts, memory, follower, options: own })
  return { gate, firstTry: follower.firstTry, close: follower.close }
}
