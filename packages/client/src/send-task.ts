import { FRONTEND_PATHS, HEADERS, REFRESH_ABORT_SHARE } from '@pawl/protocol/frontend'
import type { EngineOptions } from './engine.ts'
import type { Answer, EngineState } from './engine-state.ts'
import type { EnginePorts } from './ports.ts'
import { readAnswer } from './read-answer.ts'
import type { EngineSettings } from './settings.ts'
import { headerOf, raceWindowOf } from './steps/record-steps.ts'

/** A request of the engine itself. */
export interface TaskRequest {
  /** What is known now. */
  readonly state: EngineState
  readonly route: keyof typeof FRONTEND_PATHS
  /** Header transport only. */
  readonly refreshToken: string | undefined
}

/** Tells the API where the tokens are; it also keeps forms of other sites from sending the call. */
export function transportHeader({ holdsTokens }: EngineSettings): {
  readonly [name: string]: string
} {
  return { [HEADERS.transport]: holdsTokens ? 'header' : 'cookie' }
}

/** How it went. */
export type TaskOutcome =
  | { readonly kind: 'task-answered'; readonly answer: Answer }
  | { readonly kind: 'task-failed'; readonly cause: 'network' | 'timeout' }

/** Sends a refresh or a sign-out; aborts it after a third of the race window. Never rejects. */
export async function sendTask(
  { fetch, clock }: EnginePorts,
  settings: EngineOptions,
  { state, route, refreshToken }: TaskRequest,
): Promise<TaskOutcome> {
  const startedAtMs = clock.nowMs()
  const abort = new AbortController()
  // What arrives later could be taken for a thief's.
  const abortAfterMs = raceWindowOf(state) * REFRESH_ABORT_SHARE
  const cancel = clock.after(abortAfterMs, () => abort.abort())
  try {
    const response = await fetch(settings.base + FRONTEND_PATHS[route], {
      method: 'POST',
      headers: {
        ...transportHeader(settings),
        ...(refreshToken === undefined ? {} : { [HEADERS.refreshToken]: refreshToken }),
      },
      credentials: settings.holdsTokens ? 'omit' : 'include',
      cache: 'no-store',
      // A token goes to the API and nowhere else.
      redirect: 'error',
      // A page that is left while it runs must not lose the new cookies.
      keepalive: true,
      signal: abort.signal,
    })
    const answer = readAnswer(response, { startedAtMs, handle: headerOf(state)?.handle })
    return { kind: 'task-answered', answer }
  } catch {
    // Whatever it was, there is no answer, and nothing is decided.
    return { kind: 'task-failed', cause: abort.signal.aborted ? 'timeout' : 'network' }
  } finally {
    cancel()
  }
}
