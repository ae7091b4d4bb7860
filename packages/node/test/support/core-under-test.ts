import type { EpochMs, SessionEvent } from '@pawl/core'
import { embedCore, generateSecret } from '@pawl/embedded'
import type { CoreApi } from '@pawl/protocol'
import { startServer } from '@pawl/server'
import { memoryStore } from '@pawl/store-testkit'
import { type TestClock, testClock } from './test-clock.ts'

/** A real core that a driver is tested with, in this process or behind HTTP. */
export interface CoreUnderTest {
  /** What goes into the option `core`. */
  readonly core: string | CoreApi
  readonly clock: TestClock
  /** What the core says has happened. */
  readonly events: SessionEvent[]
  readonly close: () => Promise<void>
}

export type OpenCore = () => Promise<CoreUnderTest>

const coreClock = (clock: TestClock) => ({ nowMs: () => clock.now as EpochMs })

/** Beside `default`, the app has the tenant `acme`. */
const tenants = { default: { acme: {} } }

/** A core in this process. */
export const openEmbedded: OpenCore = async () => {
  const clock = testClock()
  const events: SessionEvent[] = []
  const core = await embedCore({
    store: memoryStore(),
    secret: generateSecret(),
    tenants,
    clock: coreClock(clock),
    onEvent: (event) => events.push(event),
  })
  return { core, clock, events, close: () => core.close() }
}

/** The same behind HTTP on a free port. */
export const openServer: OpenCore = async () => {
  const clock = testClock()
  const events: SessionEvent[] = []
  const server = await startServer({
    port: 0,
    storeInstance: memoryStore(),
    tenants,
    clock: coreClock(clock),
    onEvent: (event) => events.push(event),
    logSink: () => {},
  })
  return { core: server.url, clock, events, close: server.close }
}
