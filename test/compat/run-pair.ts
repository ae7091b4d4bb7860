import { type AppUnderTest, startApp } from './app-under-test.ts'
import type { Transport } from './browser.ts'
import {
  type Algorithm,
  type CoreUnderTest,
  type Rule,
  startCoreUnderTest,
} from './core-under-test.ts'
import { installSubject } from './installs/install-subject.ts'
import { describeExchanges } from './recorder.ts'
import { SCENARIOS } from './scenarios/index.ts'
import type { Scenario, World } from './scenarios/scenario.ts'
import { SETUPS, type SetupName } from './setups.ts'
import type { Subject } from './subjects.ts'

/** How one scenario went. */
export interface Outcome {
  readonly column: string
  readonly kind: 'passed' | 'failed' | 'left out'
  /** What went wrong, and what the core saw. */
  readonly story: string
}

/** One row of the table. */
export interface PairOutcome {
  readonly subject: Subject
  readonly rule: Rule
  readonly seconds: number
  readonly outcomes: readonly Outcome[]
}

/** What a run is made of. */
export interface PairOptions {
  readonly subject: Subject
  readonly rule: Rule
  /** Default: ES256. */
  readonly algorithm?: Algorithm
  /** Only columns whose name contains one of these; all when empty. */
  readonly columns?: readonly string[]
}

/** The column of all that is played again with tokens in headers. */
export const HEADER_COLUMN = 'headers'
const EXCHANGES_SHOWN = 12
const OUTPUT_SHOWN = 1_500

/** Plays every scenario with one SDK under one rule, against a core of their own. */
export async function runPair(options: PairOptions): Promise<PairOutcome> {
  const startedAtMs = performance.now()
  const launch = installSubject(options.subject)
  const core = await startCoreUnderTest(options.rule, options.algorithm)
  const apps = new Map<SetupName, Promise<AppUnderTest>>()
  const appOf = (name: SetupName): Promise<AppUnderTest> => {
    const app = apps.get(name) ?? startApp(launch, SETUPS[name], core)
    apps.set(name, app)
    return app
  }
  const stage = { ...options, core, appOf }
  try {
    const setups = Object.keys(SETUPS) as SetupName[]
    const parts = await Promise.all(setups.map((setup) => playSetup(stage, setup)))
    const seconds = (performance.now() - startedAtMs) / 1000
    return { ...options, seconds, outcomes: inOrder(parts.flat()) }
  } finally {
    for (const app of await Promise.allSettled(apps.values())) {
      if (app.status === 'fulfilled') await app.value.stop()
    }
    await core.stop()
  }
}

interface Stage extends PairOptions {
  readonly core: CoreUnderTest
  readonly appOf: (name: SetupName) => Promise<AppUnderTest>
}

/** The scenarios of one app, one after another: what it says to the core is told apart by time. */
async function playSetup(stage: Stage, setup: SetupName): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const scenario of SCENARIOS) {
    if (scenario.setup !== setup || !isWanted(stage, scenario)) continue
    if (scenario.needsTenants === true && !stage.subject.hasTenants) {
      outcomes.push({ column: scenario.column, kind: 'left out', story: '' })
      continue
    }
    outcomes.push(await play(stage, scenario, 'cookie'))
    if (scenario.inHeaders === true) outcomes.push(await play(stage, scenario, 'header'))
  }
  return outcomes
}

function isWanted({ columns = [] }: Stage, { column }: Scenario): boolean {
  return columns.length === 0 || columns.some((word) => column.includes(word))
}

async function play(stage: Stage, scenario: Scenario, transport: Transport): Promise<Outcome> {
  const { subject, rule, core } = stage
  const column = transport === 'cookie' ? scenario.column : HEADER_COLUMN
  let app: AppUnderTest | undefined
  let mark = 0
  try {
    app = await stage.appOf(scenario.setup)
    mark = app.recorder.mark()
    const world: World = {
      subject,
      rule,
      transport,
      core,
      app,
      neighbour: () => stage.appOf('neighbour'),
    }
    await scenario.play(world)
    return { column, kind: 'passed', story: '' }
  } catch (error) {
    const title = `${subject.name} ${subject.version}, ${rule}: ${scenario.column} (${transport})`
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const cause = error instanceof Error && error.cause !== undefined ? `\n${error.cause}` : ''
    const seen =
      app === undefined ? '' : describeExchanges(app.exchanges.slice(mark), EXCHANGES_SHOWN)
    const said = app?.output().slice(-OUTPUT_SHOWN) ?? ''
    const story = `${title}\n${told}${cause}\nthe core saw:\n${seen}\nthe app said:\n${said}`
    return { column, kind: 'failed', story }
  }
}

/** One outcome a column, in the order of the scenarios; the headers last. */
function inOrder(outcomes: readonly Outcome[]): readonly Outcome[] {
  const columns = [...SCENARIOS.map(({ column }) => column), HEADER_COLUMN]
  return columns.flatMap((column) => {
    const here = outcomes.filter((outcome) => outcome.column === column)
    const failed = here.filter(({ kind }) => kind === 'failed')
    const [first] = here
    if (first === undefined) return []
    if (failed.length === 0) return [first]
    return [
      { column, kind: 'failed' as const, story: failed.map(({ story }) => story).join('\n\n') },
    ]
  })
}
