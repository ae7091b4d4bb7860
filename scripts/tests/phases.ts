import { globSync } from 'node:fs'
import { root } from '../checks/source-files.ts'
import { ensureChromium } from './ensure-chromium.ts'

/** One part of `npm test`. */
export interface Phase {
  readonly name: string
  /** The part is ended, and has failed, when it takes longer. */
  readonly timeoutMs: number
  /** Test files that run at the same time. */
  readonly concurrency: number
  /** Test files of this part; a file belongs to the first part that claims it. */
  readonly claims: (file: string) => boolean
  /** Sets the machine up; returns a sentence if it cannot. */
  readonly prepare?: () => string | undefined
  /** Runs only where it is named: too long for every day. */
  readonly isOnDemand?: boolean
  /** Files that it runs beside those it claims: the same tests, for longer. */
  readonly repeats?: (file: string) => boolean
  /** What its tests find in the environment, unless it is set already. */
  readonly env?: { readonly [name: string]: string }
  /** A single test that hangs is ended after this. Default 5 minutes. */
  readonly testTimeoutMs?: number
}

const MINUTE_MS = 60_000

const HOUR_MS = 60 * MINUTE_MS

/** The parts in which a file is looked for, most special first. */
const claimOrder = ['pack', 'browser', 'faults', 'integration', 'simulation', 'unit']

/**
 * The parts of `npm test`, in the order in which they run: what fails fastest first. Those on
 * demand are `npm run test:stores` and `npm run test:faults`; `STORES=…` narrows the engines.
 */
export const phases: readonly Phase[] = [
  { name: 'check', timeoutMs: 3 * MINUTE_MS, concurrency: 1, claims: () => false },
  { name: 'unit', timeoutMs: 6 * MINUTE_MS, concurrency: 2, claims: () => true },
  {
    name: 'simulation',
    timeoutMs: 8 * MINUTE_MS,
    concurrency: 2,
    claims: (file) => file.startsWith('simulation/'),
  },
  {
    name: 'integration',
    timeoutMs: 20 * MINUTE_MS,
    concurrency: 1,
    claims: (file) => file.startsWith('test/') || file.includes('/test/integration/'),
  },
  {
    name: 'browser',
    timeoutMs: 8 * MINUTE_MS,
    concurrency: 1,
    claims: (file) => file.includes('/browser/') || file.endsWith('.browser.test.ts'),
    prepare: ensureChromium,
  },
  {
    name: 'pack',
    timeoutMs: 8 * MINUTE_MS,
    concurrency: 1,
    claims: (file) => file.endsWith('/packed-install.test.ts'),
  },
  {
    name: 'stores',
    timeoutMs: 4 * HOUR_MS,
    testTimeoutMs: 2 * HOUR_MS,
    concurrency: 1,
    isOnDemand: true,
    claims: () => false,
    repeats: (file) =>
      /^packages\/store-.*\/contract\.test\.ts$/.test(file) || /^test\/(races|move)\//.test(file),
    env: { PAWL_SEQUENCES: '2000', PAWL_RACE_ROUNDS: '100', PAWL_MOVE_SESSIONS: '100000' },
  },
  {
    name: 'faults',
    timeoutMs: 2 * HOUR_MS,
    testTimeoutMs: HOUR_MS,
    concurrency: 1,
    isOnDemand: true,
    claims: (file) => file.startsWith('test/faults/'),
    repeats: (file) => /^packages\/store-.*\/faults\.test\.ts$|^test\/kill\//.test(file),
  },
]

/**
 * The test files of a part, sorted. Every `*.test.ts` of the repository belongs to one part, which
 * claims it; others may repeat it.
 */
export function filesOf(phase: Phase): readonly string[] {
  const places = ['packages', 'simulation', 'bench', 'examples', 'scripts', 'test']
  const all = places.flatMap((place) =>
    globSync(`${place}/**/*.test.ts`, {
      cwd: root,
      exclude: (entry) => ['node_modules', 'build', 'dist'].includes(entry),
    }),
  )
  return all.filter((file) => ownerOf(file) === phase.name || phase.repeats?.(file)).sort()
}

function ownerOf(file: string): string | undefined {
  return claimOrder.find((name) => phases.find((phase) => phase.name === name)?.claims(file))
}
