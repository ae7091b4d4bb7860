import type { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage } from 'node:http'

/** One request on its way through the service. */
export interface Visit {
  /** On the monotonic clock, in milliseconds. */
  readonly arrivedMs: number
  /** Names the request in the log and in its answer: ours, or the one of a caller with a key. */
  requestId: string
  /** The API key that it came with, for the audit; not known of frequent requests. */
  keyId?: string | undefined
}

/** The visit that whatever runs now belongs to: for what is told of far from the request. */
export type Visits = AsyncLocalStorage<Visit>

const GIVEN_ID = /^[\w.-]{1,64}$/

/**
 * Goes on under the id that the caller gave, `x-request-id`, if it is a legal one. To be called for
 * callers with a key only: ids of strangers do not get into the log.
 */
export function takeGivenId(visit: Visit, request: IncomingMessage): void {
  const given = request.headers['x-request-id']
  if (typeof given === 'string' && GIVEN_ID.test(given)) visit.requestId = given
}
