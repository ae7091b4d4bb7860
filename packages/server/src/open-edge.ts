import type { Clock, Store } from '@pawl/core'
import type { EmbeddedCore } from '@pawl/embedded'
import type { AuditTeller } from './audit/audit-fact.ts'
import { auditedCore } from './audit/audited-core.ts'
import { keyNotingAdmission, requestAuditor } from './audit/audited-requests.ts'
import type { ServerConfig } from './config/table.ts'
import { abuseLimits } from './http/abuse-limits.ts'
import { admission } from './http/admission.ts'
import { type HttpListener, httpListener } from './http/http-server.ts'
import type { KeyDirectory } from './http/key-directory.ts'
import { readiness } from './http/readiness.ts'
import type { Visits } from './http/visit.ts'
import type { Log } from './log/logger.ts'
import type { Meter } from './metrics/meter.ts'
import type { FormerBook } from './supertokens/former/former-book.ts'
import { openWire } from './supertokens/handle-wire-request.ts'
import type { WireSettingsBook } from './supertokens/wire-settings.ts'

/** What the edge stands on. */
export interface EdgeParts {
  readonly core: EmbeddedCore
  readonly store: Store
  readonly keys: KeyDirectory
  readonly book: WireSettingsBook
  readonly former: FormerBook
  readonly log: Log
  readonly meter: Meter
  readonly visits: Visits
}

/** How the edge behaves. */
export interface EdgeOptions {
  readonly config: ServerConfig
  /** Default: this machine's clock. */
  readonly clock: Clock | undefined
  readonly isStopping: () => boolean
  /** The URL that the service listens on. */
  readonly ownUrl: () => string
}

/** Everything between HTTP and the core: admission, limits, both wires, readiness, metrics. */
export function openEdge(parts: EdgeParts, options: EdgeOptions): HttpListener {
  const { store, keys, former, log, meter, visits } = parts
  const tell = requestAuditor(log, visits)
  const core = auditedCore(parts.core, tell)
  const book = auditedWireSettings(parts.book, tell)
  const { config, clock, isStopping, ownUrl } = options
  const limits = abuseLimits({ ...config, elapsedMs, onLimited: meter.limited })
  const wire = openWire({ core, limits, book, former, keys })
  const unreadyReasons = readiness({
    ping: core.ping,
    knownFaults: () => [
      ...(isStopping() ? (['stopping'] as const) : []),
      ...(core.clockFault() === null ? [] : (['clock-skew'] as const)),
    ],
    elapsedMs,
  })

  const admitted = admission({ ...config, keys, nowMs: () => Date.now() })

  // Loaded only where somebody reads them.
  async function metrics(): Promise<string> {
    const { readMetrics } = await import('./metrics/read-metrics.ts')
    return readMetrics({
      ...{ meter, core, unreadyReasons, store: store.engine },
      inFlight: listener.inFlight,
      feedFollowers: listener.streams,
      clockSkewMs: async () => (config.storeClock === 'ignored' ? null : skewOf(store, clock)),
    })
  }

  const listener = httpListener({
    ...{ log, meter, visits },
    inFlightMax: config.inFlightMax,
    allowedAddresses: config.allowedAddresses,
    context: {
      core,
      admission: keyNotingAdmission(admitted, visits),
      limits,
      wire: config.compatEnabled === 'true' ? wire : null,
      isStopping,
      unreadyReasons,
      metrics,
      publicUrl: () =>
        config.publicUrl === 'auto' ? ownUrl() : config.publicUrl.replace(/\/+$/, ''),
    },
  })
  return listener
}

/** Settings of the SuperTokens wire, with an audit line for each change; their values stay out. */
function auditedWireSettings(book: WireSettingsBook, tell: AuditTeller): WireSettingsBook {
  return {
    ...book,
    async put(app, changes) {
      const isStored = await book.put(app, changes)
      if (isStored) tell({ what: 'supertokens-settings-put', app })
      return isStored
    },
  }
}

function elapsedMs(): number {
  return performance.now()
}

/** How far this machine's clock is ahead of the store's, in milliseconds; null without one. */
async function skewOf(store: Store, clock: Clock | undefined): Promise<number | null> {
  const storeMs = await store.clockMs()
  return storeMs === null ? null : (clock?.nowMs() ?? Date.now()) - storeMs
}
