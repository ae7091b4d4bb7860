import { type SessionState, sessionError } from '@pawl/client'
import type { WebSession } from './web-session.ts'

/**
 * The session of a program that is no page, such as a server that renders one: it knows nothing,
 * holds nothing, and sends nothing, for it would serve all visitors at once.
 */
export function sessionWithoutPage(): WebSession {
  const unknown: SessionState = { kind: 'unknown' }
  const fail = async () => {
    throw sessionError('trouble')
  }
  const listen = () => () => {}
  return {
    fetch: fail,
    prepare: async () => ({}),
    get: () => unknown,
    ready: async () => unknown,
    require: fail,
    refresh: async () => 'trouble',
    signOut: fail,
    subscribe: listen,
    on: listen,
    interceptFetch: listen,
    close: listen,
  }
}
