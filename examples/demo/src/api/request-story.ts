import { AsyncLocalStorage } from 'node:async_hooks'
import type { Actor } from '../demo-event.ts'

/** What the demo remembers of the request that is being served. */
export interface RequestStory {
  readonly by: Actor
  /** Name of the refresh token that came with it, or null. */
  readonly presented: string | null
  /** Name of the refresh token that was granted in answer to it. */
  granted: string | null
}

/** The request in whose course something happens; the driver's events come without one. */
export const requestStory = new AsyncLocalStorage<RequestStory>()
