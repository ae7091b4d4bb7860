import { type CoreApi, type Operation, ROUTES, refuse } from '@pawl/protocol'
import type { CoreCalls, ReportFault } from '../ports.ts'

/** An embedded core whose failures are answers: what it throws is told the operator and refused. */
export function shieldCore(core: CoreApi, reportFault: ReportFault): CoreCalls {
  const calls: CoreCalls = core
  const shield = (operation: Operation) => async (request: never, signal?: AbortSignal) => {
    try {
      return await calls[operation](request, signal)
    } catch (cause) {
      reportFault({ where: 'core', message: `${operation} failed`, cause })
      return refuse('unavailable')
    }
  }
  const operations = Object.keys(ROUTES) as Operation[]
  const entries = operations.map((operation) => [operation, shield(operation)])
  return Object.assign(Object.fromEntries(entries), {
    followRevocations: core.followRevocations,
    close: () => core.close(),
  }) as CoreCalls
}
