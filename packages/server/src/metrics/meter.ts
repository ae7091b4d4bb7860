import { isStoreError, type SessionEvent } from '@pawl/core'
import { SECONDS_BOUNDS } from './metric-table.ts'

/** A counted thing. */
export interface Count {
  total: number
}

/** Counts by one label. */
export type Counts = ReadonlyMap<string, Count>

/** What is counted of one route. */
export interface RouteCounts {
  readonly statuses: Map<number, Count>
  /** How many took no longer than each bound, and one more for those that did; not cumulated. */
  readonly buckets: number[]
  seconds: number
}

/** Which limit refused a request. */
export type LimitName =
  | 'bad-key'
  | 'forged-token'
  | 'ended-session'
  | 'refreshes'
  | 'in-flight'
  | 'address'

/**
 * Counts what a service does. On the way of a request it looks up and adds, and makes nothing:
 * labels are few, and those that are not get the name `other`.
 */
export interface Meter {
  readonly request: (
    facts: {
      readonly route: string
      readonly status: number
      readonly ms: number
      readonly code?: string | undefined
    },
    isStream: boolean,
  ) => void
  readonly event: (event: SessionEvent) => void
  readonly limited: (limit: LimitName) => void
  /** Trouble of the service itself, of its store or any other. */
  readonly trouble: (error: unknown) => void
  /** What was counted so far. */
  readonly counts: {
    readonly routes: ReadonlyMap<string, RouteCounts>
    readonly refusals: Counts
    readonly events: Counts
    readonly refreshes: Counts
    readonly ended: Counts
    readonly limited: Counts
    readonly storeErrors: Counts
    readonly faults: Count
  }
}

/** Values of one label; a caller cannot make more, whatever it sends. */
const VALUES_MAX = 128

/** A meter over the routes that there are. */
export function openMeter(routes: Iterable<string>): Meter {
  const byRoute = new Map([...routes, 'other'].map((route) => [route, emptyRoute()]))
  const other = byRoute.get('other') ?? emptyRoute()
  const [refusals, events, refreshes, ended] = [label(), label(), label(), label()]
  const [limited, storeErrors] = [label(), label()]
  const faults = { total: 0 }
  return {
    request({ route, status, ms, code }, isStream) {
      const counts = byRoute.get(route) ?? other
      const count = counts.statuses.get(status)
      if (count === undefined) counts.statuses.set(status, { total: 1 })
      else count.total += 1
      if (code !== undefined) add(refusals, code)
      if (!isStream) observe(counts, ms / 1000)
    },
    event(event) {
      add(events, event.kind)
      if (event.kind === 'refreshed') add(refreshes, event.rule)
      else if (event.kind === 'ended') add(ended, event.reason)
    },
    limited: (limit) => add(limited, limit),
    trouble(error) {
      if (isStoreError(error)) add(storeErrors, error.kind)
      else faults.total += 1
    },
    counts: {
      ...{ routes: byRoute, refusals, events, refreshes, ended, limited, storeErrors, faults },
    },
  }
}

function emptyRoute(): RouteCounts {
  return { statuses: new Map(), buckets: Array(SECONDS_BOUNDS.length + 1).fill(0), seconds: 0 }
}

function label(): Map<string, Count> {
  return new Map()
}

function add(counts: Map<string, Count>, value: string): void {
  const count = counts.get(value)
  if (count !== undefined) count.total += 1
  else if (counts.size < VALUES_MAX) counts.set(value, { total: 1 })
  else counts.set('other', { total: (counts.get('other')?.total ?? 0) + 1 })
}

function observe(counts: RouteCounts, seconds: number): void {
  let index = 0
  while (index < SECONDS_BOUNDS.length && seconds > (SECONDS_BOUNDS[index] ?? 0)) index += 1
  counts.buckets[index] = (counts.buckets[index] ?? 0) + 1
  counts.seconds += seconds
}
