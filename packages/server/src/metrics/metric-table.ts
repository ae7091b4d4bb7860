/** One row of the table of metrics. */
export interface MetricRow {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  /** One sentence, without line breaks. */
  readonly help: string
}

/** THE METRICS, in the order they are written. Names and labels are stable. */
export const METRICS = {
  requests: {
    name: 'pawl_requests_total',
    type: 'counter',
    labels: ['route', 'status'],
    help: 'Requests answered, by operation and HTTP status.',
  },
  requestSeconds: {
    name: 'pawl_request_seconds',
    type: 'histogram',
    labels: ['route'],
    help: 'Time from the first byte of a request to its answer; streams are left out.',
  },
  refusals: {
    name: 'pawl_refusals_total',
    type: 'counter',
    labels: ['code'],
    help: 'Requests refused, by the code of the problem.',
  },
  limited: {
    name: 'pawl_limited_total',
    type: 'counter',
    labels: ['limit'],
    help: 'Refused by a limit: bad-key, forged-token, ended-session, refreshes, in-flight, address (connections).',
  },
  events: {
    name: 'pawl_session_events_total',
    type: 'counter',
    labels: ['kind'],
    help: 'Events of sessions, as in the log: created, refreshed, race, late, store-behind, confirmed, theft, ended.',
  },
  refreshes: {
    name: 'pawl_refreshes_total',
    type: 'counter',
    labels: ['rule'],
    help: 'Granted refreshes, by the row of the rule: current, advance, converge, late, heal.',
  },
  ended: {
    name: 'pawl_sessions_ended_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Sessions ended by a call, by reason; those that ran out are not counted.',
  },
  storeErrors: {
    name: 'pawl_store_errors_total',
    type: 'counter',
    labels: ['kind'],
    help: 'Trouble with the store that reached a request or a job, by kind.',
  },
  faults: {
    name: 'pawl_faults_total',
    type: 'counter',
    labels: [],
    help: 'Trouble of the service itself, other than with the store; each has a line in the log.',
  },
  unready: {
    name: 'pawl_unready',
    type: 'gauge',
    labels: ['reason'],
    help: '1 for each reason why the service is not ready.',
  },
  inFlight: {
    name: 'pawl_requests_in_flight',
    type: 'gauge',
    labels: [],
    help: 'Requests that are worked on now, of at most inFlightMax; probes, streams and this one are left out.',
  },
  feedFollowers: {
    name: 'pawl_feed_followers',
    type: 'gauge',
    labels: [],
    help: 'Streams of the revocation feed that are open now.',
  },
  signingKeyAge: {
    name: 'pawl_signing_key_age_seconds',
    type: 'gauge',
    labels: [],
    help: 'Age of the key that signs for the default app, from when it began to sign.',
  },
  clockSkew: {
    name: 'pawl_clock_skew_seconds',
    type: 'gauge',
    labels: [],
    help: 'How far the clock of this machine is ahead of that of the store; absent where that has none.',
  },
  loopDelay: {
    name: 'pawl_event_loop_delay_seconds',
    type: 'gauge',
    labels: ['of'],
    help: 'Delay of the event loop since the metrics were read before: p50, p99, max.',
  },
  loopActive: {
    name: 'pawl_event_loop_active_seconds_total',
    type: 'counter',
    labels: [],
    help: 'Time that the event loop was busy: its rate is the share of a processor in use.',
  },
  residentMemory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    labels: [],
    help: 'Resident memory.',
  },
  processorTime: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    labels: [],
    help: 'Processor time of all threads.',
  },
  startTime: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the process started, in seconds since the epoch.',
  },
  info: {
    name: 'pawl_info',
    type: 'gauge',
    labels: ['version', 'node', 'store'],
    help: 'Always 1; what runs here.',
  },
} as const satisfies Readonly<Record<string, MetricRow>>

/** A row of {@link METRICS}. */
export type MetricKey = keyof typeof METRICS

/** Upper bounds of the histogram of requests, in seconds; the last one is +Inf. */
export const SECONDS_BOUNDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const
