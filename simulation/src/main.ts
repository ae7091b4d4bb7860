import { parseArgs } from 'node:util'
import { CHECKS, type Check, nameOfCheck } from './catalog.ts'
import { runChecks } from './pool.ts'
import { printReport } from './report.ts'
import type { CheckReport } from './run-check.ts'

/** Two cores are what the time budget of a full run (two minutes) assumes. */
const WORKERS = 2

const USAGE = `npm run sim -- [--world <name>] [--bound <moves>]

  --world <name>   one world only: ${CHECKS.map(nameOfCheck).join(', ')}
  --bound <moves>  look at every run of up to so many moves, instead of each world's own bound

Exit code 0 if our rule breaks no invariant, every wrong rule was caught, and (without --world and
--bound) at least a million states were explored.`

const print = (line: string): void => console.log(line)

/** Chases take the longest; what starts late should be short. */
const longestFirst = (a: Check, b: Check): number => Number(isChase(b)) - Number(isChase(a))
const isChase = (check: Check): boolean => check.kind === 'small-world' && check.group === 'thief'

const { values } = parseArgs({
  options: {
    world: { type: 'string' },
    bound: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
const movesMax = values.bound === undefined ? null : Number(values.bound)
const checks = CHECKS.filter((check) => [undefined, nameOfCheck(check)].includes(values.world))
const isUsable = checks.length > 0 && (movesMax === null || movesMax > 0)

if (values.help === true || !isUsable) {
  print(USAGE)
  process.exitCode = values.help === true ? 0 : 2
} else {
  const startedAt = performance.now()
  const reports = new Map<string, CheckReport>()
  print('Exploring the rotation rule of @pawl/core: the production functions, every interleaving.')
  print('')
  await runChecks([...checks].sort(longestFirst), {
    workers: WORKERS,
    movesMax,
    onReport: (report) => reports.set(report.name, report),
  })
  const isFullRun = values.world === undefined && movesMax === null
  const isGood = printReport({ checks, reports, isFullRun, print })
  print(`Time                             ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
  process.exitCode = isGood ? 0 : 1
}
