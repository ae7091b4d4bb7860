import type { CoreTime } from '../core-time.ts'
import type { PawlOptions } from '../options.ts'
import type { CoreCalls, ReportFault, Schedule } from '../ports.ts'
import { makeFeedFollower } from './feed-follower.ts'
import { FEED_DEFAULTS } from './feed-options.ts'
import { makeRevocationGate, OPEN_GATE, type RevocationGate } from './revocation-gate.ts'
import { makeRevokedMemory } from './revoked-memory.ts'
import { makeTellEnds } from './tell-ends.ts'

/** A session that ended through somebody else; the user is not known to the feed. */
export interface EndedElsewhere {
  readonly handle: string
  readonly tenant: string
  readonly userId?: string
  readonly reason: string
}

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
    /** The core's time, which the feed tells. */
    readonly time: CoreTime
    readonly schedule: Schedule
    readonly reportFault: ReportFault
    /** Told of sessions that ended elsewhere, perhaps more than once of one. */
    readonly onEnded: ((ended: EndedElsewhere) => void) | undefined
  },
): OpenFeed {
  const { revocationFeed = {} } = options
  if (revocationFeed === false) {
    return { gate: OPEN_GATE, firstTry: async () => {}, close: async () => {} }
  }
  const own = { ...FEED_DEFAULTS, ...revocationFeed }
  const memory = makeRevokedMemory(own.entriesMax)
  const { core, time, schedule, reportFault, onEnded = () => {} } = parts
  const { nowMs } = time
  const ends = makeTellEnds(schedule, onEnded)
  const isHeard = parts.onEnded !== undefined
  const follower = makeFeedFollower({
    ...{ core, memory, nowMs, schedule, reportFault, hear: time.hear },
    ...(isHeard ? { onEnds: ends.take } : {}),
  })
  const gate = makeRevocationGate({
    ...{ core, memory, follower, options: own, nowMs, reportFault },
    onEnded: ({ handle, userId, tenant }, reason) => onEnded({ handle, userId, tenant, reason }),
  })
  const close = async (): Promise<void> => {
    await follower.close()
    ends.flush()
  }
  return { gate, firstTry: follower.firstTry, close }
}
