import {
  createPawl,
  type Pawl,
  type PawlEvent,
  type PawlOptions,
  type RequestLike,
} from '@pawl/node'
import { type Browser, browser } from './browser.ts'
import type { CoreUnderTest, OpenCore } from './core-under-test.ts'
import { manualSchedule } from './test-clock.ts'

/** A driver over a real core, a browser, and what the driver told. */
export interface Scene extends CoreUnderTest {
  readonly pawl: Pawl
  readonly browser: Browser
  readonly told: PawlEvent[]
  /** Signs a user in from a fresh browser. */
  readonly signIn: (userId?: string, more?: object) => Promise<Browser>
}

/** Opens a scene, runs the test, closes everything. */
export async function withScene(
  open: OpenCore,
  run: (scene: Scene) => Promise<void>,
  options: Partial<PawlOptions> = {},
): Promise<void> {
  const under = await open()
  const told: PawlEvent[] = []
  const pawl = createPawl({
    core: under.core,
    clock: under.clock.nowMs,
    schedule: manualSchedule().schedule,
    onEvent: (event) => told.push(event),
    onFault: () => {},
    origins: ['https://app.example.com', 'https://spa.example.com'],
    ...options,
  })
  const signIn = async (userId = 'alice', more: object = {}): Promise<Browser> => {
    const fresh = browser(pawl)
    const { headers } = await pawl.createSession(fresh.request('POST', '/login'), {
      userId,
      ...more,
    })
    fresh.keep(headers)
    return fresh
  }
  try {
    await run({ ...under, pawl, browser: browser(pawl), told, signIn })
  } finally {
    await pawl.close()
    await under.close()
  }
}

/** The session of a request, which must have one. */
export async function sessionOf(pawl: Pawl, request: Request) {
  const result = await pawl.guard(request)
  if (result.kind !== 'session') throw new Error(`no session: ${JSON.stringify(result)}`)
  return result
}

/** Why a request was refused; `session` or `anonymous` if it was not. */
export async function verdictOf(
  pawl: Pawl,
  request: RequestLike,
  options: Parameters<Pawl['guard']>[1] = {},
): Promise<string> {
  const result = await pawl.guard(request, options)
  return result.kind === 'refused' ? result.refusal.code : result.kind
}
