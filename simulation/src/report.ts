import { type Check, nameOfCheck } from './catalog.ts'
import type { CheckReport } from './run-check.ts'

/** States that a full run must explore, at the least. */
export const STATES_MIN = 1_000_000

/** Where the report goes, line by line. */
export type Print = (line: string) => void

/** Prints what was explored; returns whether everything was as it must be. */
export function printReport(
  checks: readonly Check[],
  reports: ReadonlyMap<string, CheckReport>,
  isFullRun: boolean,
  print: Print,
): boolean {
  const mustHold = checks.filter((check) => !isToBeCaught(check))
  const verdicts = [
    printHolding('Honest users: no theft alarm, no logout', 'honest', checks, reports, print),
    printHolding('One-time thief: seen, or locked out, in time', 'thief', checks, reports, print),
    printHolding('Races: each equals a sequential run', 'race', checks, reports, print),
    printCaught(
      'Wrong rules: the checker must find their fault',
      'wrong-rule',
      checks,
      reports,
      print,
    ),
    printCaught('Broken obligations: why clients owe them', 'obligation', checks, reports, print),
  ]
  const held = mustHold.map((check) => reportOf(check, reports))
  const states = held.reduce((sum, report) => sum + report.states, 0)
  const violations = held.filter((report) => report.story !== null).length
  const isEnough = !isFullRun || states >= STATES_MIN
  print(`States explored under our rule   ${grouped(states)}${isEnough ? '' : ' (too few)'}`)
  print(`Violations of our rule           ${violations}`)
  const rounds = Math.max(0, ...held.map((report) => report.rounds))
  print(`Most rounds any thief survived   ${rounds}`)
  return verdicts.every(Boolean) && isEnough
}

type Group = 'honest' | 'thief' | 'race' | 'wrong-rule' | 'obligation'

function printHolding(
  title: string,
  group: Group,
  checks: readonly Check[],
  reports: ReadonlyMap<string, CheckReport>,
  print: Print,
): boolean {
  const members = checks.filter((check) => groupOf(check) === group)
  if (members.length === 0) return true
  print(title)
  print('')
  let isGood = true
  for (const check of members) {
    const report = reportOf(check, reports)
    const isHeld = report.story === null
    isGood &&= isHeld
    print(`  ${isHeld ? 'ok  ' : 'FAIL'} ${nameOfCheck(check).padEnd(24)} ${titleOf(check)}`)
    const rounds = group === 'thief' ? `, thief survives at most ${report.rounds} rounds` : ''
    print(`       ${figures(report)}${rounds}`)
    for (const line of report.story ?? []) print(`         ${line}`)
  }
  print('')
  return isGood
}

function printCaught(
  title: string,
  group: Group,
  checks: readonly Check[],
  reports: ReadonlyMap<string, CheckReport>,
  print: Print,
): boolean {
  const members = checks.filter((check) => groupOf(check) === group)
  if (members.length === 0) return true
  print(title)
  print('')
  let isGood = true
  for (const check of members) {
    const report = reportOf(check, reports)
    const isCaught = report.story !== null
    isGood &&= isCaught
    print(`  ${isCaught ? 'found' : 'MISSED'} ${nameOfCheck(check).padEnd(22)} ${titleOf(check)}`)
    for (const line of report.story ?? []) print(`         ${line}`)
    print('')
  }
  return isGood
}

function figures({ states, moves, exhausted, seconds, story }: CheckReport): string {
  const runs = exhausted ? 'runs of every length' : `every run of up to ${moves} moves`
  const violations = story === null ? '0 violations' : '1 VIOLATION'
  return `${grouped(states)} states, ${runs}, ${violations}, ${seconds.toFixed(1)} s`
}

function reportOf(check: Check, reports: ReadonlyMap<string, CheckReport>): CheckReport {
  const report = reports.get(nameOfCheck(check))
  if (report === undefined) throw new Error(`no report of ${nameOfCheck(check)}`)
  return report
}

function groupOf(check: Check): Group {
  return check.kind === 'race' ? 'race' : check.group
}

function titleOf(check: Check): string {
  return check.kind === 'race' ? check.title : check.world.title
}

function isToBeCaught(check: Check): boolean {
  return check.kind === 'small-world' && check.expected === 'caught'
}

/** Digits in groups of three, such as 1 234 567. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}
