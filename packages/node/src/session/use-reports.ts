import { LIMITS, RACE_WINDOW_ASSUMED_MS } from '@pawl/protocol'
import type { CoreCalls, NowMs, ReportFault, Schedule } from '../ports.ts'
import type { SettledUse } from '../tokens/verifier.ts'

/** How long uses are gathered before they are sent, in ms. */
const GATHER_MS = 1_000
/** Most uses waiting; more are dropped, the next refresh confirms as well. */
const QUEUE_MAX = 8_192
/** Most grants remembered as reported. */
const REPORTED_MAX = 65_536

/** Reports of first settled uses, sent in the background. */
export interface UseReports {
  /** Takes a use; returns at once. A grant is reported once. */
  add(use: SettledUse): void
  /** Sends what waits; resolves when the core has answered or the reports were dropped. */
  flush(): Promise<void>
  /** Calls off the timer and sends what waits. */
  close(): Promise<void>
}

/** What reports need. */
export interface UseReportsDeps {
  readonly core: Pick<CoreCalls, 'confirmUses'>
  readonly nowMs: NowMs
  readonly schedule: Schedule
  /** The race window of the app in ms, or undefined while it is not known. */
  readonly raceWindowMs: () => number | undefined
  readonly reportFault: ReportFault
}

/**
 * Gathers settled uses and reports them in batches: never in a request's path, one batch at a time,
 * bounded, and dropped when older than half a race window (the rotation protocol lets no older
 * observation move a row). Losing one is harmless.
 */
export function makeUseReports(deps: UseReportsDeps): UseReports {
  const isFirst = makeFirstTimes(REPORTED_MAX)
  let waiting = new Map<string, SettledUse>()
  let callOff: (() => void) | undefined
  let sending: Promise<void> | undefined

  function isFresh(use: SettledUse): boolean {
    const windowMs = deps.raceWindowMs() ?? RACE_WINDOW_ASSUMED_MS
    return deps.nowMs() - use.firstSeenAtMs <= windowMs / 2
  }

  async function sendBatch(uses: readonly SettledUse[]): Promise<void> {
    const request = uses.map(({ token, firstSeenAtMs }) => ({ accessToken: token, firstSeenAtMs }))
    try {
      const outcome = await deps.core.confirmUses({ uses: request })
      if (outcome.kind === 'ok') return
      if (outcome.code === 'unavailable' || outcome.code === 'rate_limited') return putBack(uses)
      deps.reportFault({ where: 'reports', message: `uses were refused: ${outcome.code}` })
    } catch (cause) {
      deps.reportFault({ where: 'reports', message: 'uses were not reported', cause })
    }
  }

  function putBack(uses: readonly SettledUse[]): void {
    for (const use of uses) {
      if (waiting.size < QUEUE_MAX && isFresh(use)) waiting.set(use.grantId, use)
    }
  }

  async function sendAll(): Promise<void> {
    const uses = [...waiting.values()].filter(isFresh)
    waiting = new Map()
    for (let from = 0; from < uses.length; from += LIMITS.usesPerBatch) {
      await sendBatch(uses.slice(from, from + LIMITS.usesPerBatch))
    }
  }

  async function flush(): Promise<void> {
    callOff?.()
    callOff = undefined
    while (sending !== undefined) await sending
    if (waiting.size === 0) return
    sending = sendAll().finally(() => {
      sending = undefined
    })
    await sending
    if (waiting.size > 0) arm()
  }

  function arm(): void {
    callOff ??= deps.schedule(() => {
      callOff = undefined
      void flush()
    }, GATHER_MS)
  }

  return {
    add: (use) => {
      if (waiting.size >= QUEUE_MAX || !isFirst(use.grantId)) return
      waiting.set(use.grantId, use)
      arm()
    },
    flush,
    close: async () => {
      await flush()
      callOff?.()
      waiting = new Map()
    },
  }
}

/** Tells whether a name comes for the first time; remembers at most `limit` names, the latest. */
function makeFirstTimes(limit: number): (name: string) => boolean {
  let young = new Set<string>()
  let old = new Set<string>()
  return (name) => {
    if (young.has(name) || old.has(name)) return false
    if (young.size >= limit / 2) {
      old = young
      young = new Set()
    }
    young.add(name)
    return true
  }
}
