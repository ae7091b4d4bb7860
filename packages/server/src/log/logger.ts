import type { SessionEvent } from '@pawl/core'
import { pino } from 'pino'
import { redactTokens, SECRET_FIELDS } from './redact.ts'

/** The levels of the log. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Where lines go: the standard output, unless a test looks on. */
export type LogSink = (line: string) => void

/** The service's log: JSON lines in UTC, without secrets. */
export interface Log {
  readonly info: (message: string, facts?: object) => void
  readonly warn: (message: string, facts?: object) => void
  /** Trouble of the service itself; the error's stack is for operators. */
  readonly trouble: (message: string, error: unknown, facts?: object) => void
  /** One line a request. */
  readonly request: (facts: {
    readonly requestId: string
    readonly method: string | undefined
    readonly status: number
    readonly ms: number
    readonly route: string
  }) => void
  /** One audit line an event of a session, with the request that it came from if there is one. */
  readonly event: (event: SessionEvent, requestId?: string) => void
  /** Writes what is buffered. */
  readonly flush: () => void
}

/** Lines are written together: once this many characters wait, or after the interval. */
const BUFFER_CHARS = 4_096
const FLUSH_INTERVAL_MS = 250
const WARN_STATUS = 500

/** Opens the log. */
export function openLog(level: LogLevel, sink?: LogSink): Log {
  const output = sink === undefined ? standardOutput() : { write: sink, flush: () => {} }
  const form = {
    level,
    base: null,
    timestamp: timeMember,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const destination = { write: (line: string) => output.write(redactTokens(line)) }
  const redact = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`])
  const logger = pino({ ...form, redact }, destination)
  const writes = { info: logger.isLevelEnabled('info'), warn: logger.isLevelEnabled('warn') }

  // Lines of requests and events have fields of ours only, none of them secret, and there are two
  // for every refresh: they are written in one piece, as the library would write them.
  function writeHot(label: 'info' | 'warn', facts: object, message: string): void {
    if (!writes[label]) return
    const members = JSON.stringify(facts).slice(1, -1)
    destination.write(`{"level":"${label}"${timeMember()},${members},"msg":"${message}"}\n`)
  }

  return {
    info: (message, facts = {}) => logger.info(facts, message),
    warn: (message, facts = {}) => logger.warn(facts, message),
    trouble: (message, error, facts = {}) => logger.error({ ...facts, err: error }, message),
    request: (facts) => writeHot(facts.status >= WARN_STATUS ? 'warn' : 'info', facts, 'request'),
    event(event, requestId) {
      const isAlarm = event.kind === 'theft' || event.kind === 'store-behind'
      writeHot(isAlarm ? 'warn' : 'info', { requestId, ...event }, 'session')
    },
    flush: output.flush,
  }
}

let writtenMs = 0
let writtenMember = ''

/** The time of a line (RFC 3339, UTC). Many lines are of one millisecond, which is written once. */
function timeMember(): string {
  const nowMs = Date.now()
  if (nowMs !== writtenMs) {
    writtenMs = nowMs
    writtenMember = `,"time":"${new Date(nowMs).toISOString()}"`
  }
  return writtenMember
}

/**
 * The standard output, in blocks. A reader that goes away ends the log, never the service: the
 * library's own buffering destination, when flushed, would wait for it for ever.
 */
function standardOutput(): { write: LogSink; flush: () => void } {
  let waiting = ''
  let isGone = false
  const timer = setInterval(flush, FLUSH_INTERVAL_MS).unref()
  process.stdout.on('error', () => {
    isGone = true
    clearInterval(timer)
  })
  function flush(): void {
    if (waiting === '' || isGone) return
    process.stdout.write(waiting)
    waiting = ''
  }
  return {
    write(line) {
      if (isGone) return
      waiting += line
      if (waiting.length >= BUFFER_CHARS) flush()
    },
    flush,
  }
}
