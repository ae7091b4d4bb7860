import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { EmbeddedCore } from '@pawl/embedded'
import { UNREADY_REASONS, type UnreadyReason } from '../http/readiness.ts'
import { packageVersion } from '../version.ts'
import type { Meter } from './meter.ts'
import { type Sample, samplesOf, writeMetrics } from './write-metrics.ts'

/** What the metrics are read from. */
export interface MetricSources {
  readonly meter: Meter
  readonly core: EmbeddedCore
  readonly unreadyReasons: () => Promise<readonly UnreadyReason[]>
  readonly inFlight: () => number
  /** Streams of the revocation feed that are open. */
  readonly feedFollowers: () => number
  /** How far this machine's clock is ahead of the store's, in milliseconds; null without one. */
  readonly clockSkewMs: () => Promise<number | null>
  /** The store's engine, or its URL without credentials. */
  readonly store: string
}

const NS = 1e-9
const LOOP_RESOLUTION_MS = 20
const DEFAULT_APP = 'default'

/** Watches the event loop from the first reading on: nobody pays for what nobody reads. */
let loop: ReturnType<typeof monitorEventLoopDelay> | undefined

/** The metrics as text. What cannot be read now is left out; it never fails. */
export async function readMetrics(sources: MetricSources): Promise<string> {
  const { meter, core } = sources
  const { counts } = meter
  const reasons = await sources.unreadyReasons()
  const isReachable = !reasons.some((one) => one === 'store-unavailable' || one === 'stopping')
  const skewMs = isReachable ? await sources.clockSkewMs().catch(() => null) : null
  const keyAge = await core.signingKeyAgeSeconds(DEFAULT_APP).catch(() => null)
  const { user, system } = process.cpuUsage()
  const requests = [...counts.routes].flatMap(([route, { statuses }]) =>
    samplesOf(statuses).map(({ labels, value }) => ({ labels: [route, ...labels], value })),
  )
  return writeMetrics(
    {
      requests,
      refusals: samplesOf(counts.refusals),
      limited: samplesOf(counts.limited),
      events: samplesOf(counts.events),
      refreshes: samplesOf(counts.refreshes),
      ended: samplesOf(counts.ended),
      storeErrors: samplesOf(counts.storeErrors),
      faults: one(counts.faults.total),
      unready: UNREADY_REASONS.map((reason) => ({
        labels: [reason],
        value: reasons.includes(reason) ? 1 : 0,
      })),
      inFlight: one(sources.inFlight()),
      feedFollowers: one(sources.feedFollowers()),
      signingKeyAge: one(keyAge),
      clockSkew: one(skewMs === null ? null : skewMs / 1_000),
      loopDelay: loopDelay(),
      loopActive: one(performance.eventLoopUtilization().active / 1_000),
      residentMemory: one(process.memoryUsage.rss()),
      processorTime: one((user + system) / 1_000_000),
      startTime: one(performance.timeOrigin / 1_000),
      info: [{ labels: [packageVersion(), process.version, sources.store], value: 1 }],
    },
    counts.routes,
  )
}

function one(value: number | null): readonly Sample[] {
  return value === null ? [] : [{ labels: [], value }]
}

/** How late the loop came since the last reading; nothing at the first one. */
function loopDelay(): readonly Sample[] {
  if (loop === undefined) {
    loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
    loop.enable()
    return []
  }
  const samples = [
    { labels: ['p50'], value: loop.percentile(50) * NS },
    { labels: ['p99'], value: loop.percentile(99) * NS },
    { labels: ['max'], value: loop.max * NS },
  ]
  const isEmpty = loop.count === 0
  loop.reset()
  return isEmpty ? [] : samples
}
