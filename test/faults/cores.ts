import assert from 'node:assert/strict'
import { freePort } from '../engines/server-process.ts'
import { type CoreService, startCore } from '../kill/core-service.ts'

/** Core processes on one database, with an eye on each. */
export interface Cores {
  readonly urls: readonly string[]
  /** Ends one at once. */
  readonly kill: (index: number) => Promise<void>
  /** Starts one that was killed, on the port it had. */
  readonly restart: (index: number) => Promise<void>
  /** Stops one and starts another build in its place; `cli` is the file of its command. */
  readonly replace: (index: number, cli: string | undefined) => Promise<void>
  /** Freezes one, or lets it go on. */
  readonly signal: (index: number, signal: 'SIGSTOP' | 'SIGCONT') => void
  /** How often a session raised this event so far. */
  readonly countOf: (event: 'theft' | 'store-behind' | 'ended') => number
  /** What the cores complained of last, for the report of a failure. */
  readonly lastComplaints: () => string
  /** Asserts that no core ended by itself or answered that it had failed. */
  readonly assertSound: () => void
  readonly stop: () => Promise<void>
}

interface Place {
  readonly env: Readonly<Record<string, string>>
  core: CoreService
  /** What cores that are gone had logged. */
  oldLog: string
  /** True from a kill to the restart. */
  isKilled: boolean
}

/** Lines of each core. */
const COMPLAINTS = 3

/**
 * Starts that many cores.
 *
 * @param env says which database they are on
 * @param cli the file of their `pawl` command; default: that of this repository
 */
export async function startCores(
  count: number,
  env: Readonly<Record<string, string>>,
  cli?: string,
): Promise<Cores> {
  const places: Place[] = []
  for (let index = 0; index < count; index++) places.push(await openPlace(env, cli))
  const at = (index: number): Place => places[index] as Place
  const logs = () => places.map(({ oldLog, core }) => oldLog + core.log()).join('\n')
  return {
    urls: places.map(({ core }) => core.url),
    kill: async (index) => {
      at(index).isKilled = true
      await at(index).core.kill()
    },
    restart: (index) => start(at(index), cli),
    replace: async (index, other) => {
      at(index).isKilled = true
      await at(index).core.stop()
      await start(at(index), other)
    },
    signal: (index, signal) => at(index).core.signal(signal),
    countOf: (event) => logs().split(`"kind":"${event}"`).length - 1,
    lastComplaints: () =>
      places
        .flatMap(({ core }) =>
          core
            .log()
            .split('\n')
            .filter((line) => /"level":"(error|warn)"/.test(line))
            .slice(-COMPLAINTS),
        )
        .join('\n'),
    assertSound: () => {
      for (const { core, isKilled } of places) {
        assert.equal(core.isRunning(), !isKilled, `a core ended by itself: ${tailOf(core.log())}`)
      }
      // The line before it in the log, with the stack, says why.
      const failure = /^(?:.*"level":"error".*\n)?.*"status":500.*$/m.exec(logs())?.[0]
      assert.equal(failure, undefined, 'a core answered that it had failed')
    },
    stop: async () => {
      for (const { core } of places) {
        core.signal('SIGCONT')
        await core.kill()
      }
    },
  }
}

async function start(place: Place, cli: string | undefined): Promise<void> {
  place.oldLog += place.core.log()
  place.core = await startCore(place.env, cli)
  place.isKilled = false
}

async function openPlace(
  env: Readonly<Record<string, string>>,
  cli: string | undefined,
): Promise<Place> {
  const own = {
    ...env,
    PAWL_PORT: String(await freePort()),
    // Each client stands for many: no session of one browser is refreshed that often.
    PAWL_REFRESHES_PER_MINUTE: '0',
  }
  return { env: own, core: await startCore(own, cli), oldLog: '', isKilled: false }
}

function tailOf(log: string): string {
  return log.trimEnd().split('\n').slice(-5).join('\n')
}
