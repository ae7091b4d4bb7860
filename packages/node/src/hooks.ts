import type { PawlEvent, PawlOptions } from './options.ts'
import type { Fault, NowMs, ReportFault } from './ports.ts'
import { whenRejected } from './when-rejected.ts'

/** A fault of one kind is reported at most this often, in ms. */
const FAULT_EVERY_MS = 60_000
/** Most kinds of fault told apart. */
const FAULT_KINDS_MAX = 100

/**
 * Sends faults to the hook, each; without a hook to the process warnings, once a minute per kind.
 */
export function makeReportFault(onFault: PawlOptions['onFault'], nowMs: NowMs): ReportFault {
  if (onFault !== undefined) {
    return (fault) => {
      try {
        whenRejected(onFault(fault), () => {})
      } catch {
        // The reporter of faults is the last resort: there is nobody left to tell.
      }
    }
  }
  const lastAtMs = new Map<string, number>()
  return (fault: Fault) => {
    const kind = `${fault.where} ${fault.message}`
    if (nowMs() - (lastAtMs.get(kind) ?? Number.NEGATIVE_INFINITY) < FAULT_EVERY_MS) return
    if (lastAtMs.size >= FAULT_KINDS_MAX) lastAtMs.clear()
    lastAtMs.set(kind, nowMs())
    const because = fault.cause instanceof Error ? `: ${fault.cause.message}` : ''
    process.emitWarning(`${fault.message}${because}`, { code: 'PAWL_FAULT' })
  }
}

/** Tells the hooks of an event. Never awaited; a hook that fails never fails a request. */
export function makeAnnounce(
  hooks: Pick<PawlOptions, 'onEvent' | 'onTheft' | 'onSessionEnd'>,
  reportFault: ReportFault,
): (event: PawlEvent) => void {
  const call = (name: string, hook: () => unknown): void => {
    const failed = (cause: unknown): void =>
      reportFault({ where: 'hook', message: `${name} failed`, cause })
    try {
      whenRejected(hook(), failed)
    } catch (cause) {
      failed(cause)
    }
  }
  return (event) => {
    call('onEvent', () => hooks.onEvent?.(event))
    if (event.kind === 'theft') call('onTheft', () => hooks.onTheft?.(event))
    if (event.kind === 'ended') call('onSessionEnd', () => hooks.onSessionEnd?.(event))
  }
}
