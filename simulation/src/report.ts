import { type Check, nameOfCheck, type RaceCheck, type SmallWorldCheck } from './catalog.ts'
import type { CheckReport } from './run-check.ts'

/** States that a full run must explore, at the least. */
const STATES_MIN = 1_000_000

/** Everything that a report is made of, and where it goes, line by line. */
export interface Findings {
  readonly checks: readonly Check[]
  readonly reports: ReadonlyMap<string, CheckReport>
  /** Whether nothing was left out, so that the least number of states is due. */
  readonly isFullRun: boolean
  readonly print: (line: string) => void
}

/** Prints what was explored; returns whether everything was as it must be. */
export function printReport(findings: Findings): boolean {
  const { checks, isFullRun, print } = findings
  const verdicts = GROUPS.map((group) => printGroup(findings, group))
  const held = checks.filter(mustHold).map((check) => reportOf(findings, check))
  const states = held.reduce((sum, report) => sum + report.states, 0)
  const isEnough = !isFullRun || states >= STATES_MIN
  print(`States explored under our rule   ${grouped(states)}${isEnough ? '' : ' (too few)'}`)
  print(`Violations of our rule           ${held.filter((report) => report.story).length}`)
  print(`Most rounds any thief survived   ${Math.max(0, ...held.map((report) => report.rounds))}`)
  return verdicts.every(Boolean) && isEnough
}

interface Group {
  readonly name: SmallWorldCheck['group'] | RaceCheck['kind']
  readonly title: string
}

const GROUPS: readonly Group[] = [
  { name: 'honest', title: 'Honest users: no theft alarm, no logout' },
  { name: 'thief', title: 'One-time thief: seen, or locked out, in time' },
  { name: 'race', title: 'Races: each equals a sequential run' },
  { name: 'wrong-rule', title: 'Wrong rules: the checker must find their fault' },
  { name: 'obligation', title: 'Broken obligations: why clients owe them' },
]

function printGroup(findings: Findings, { name, title }: Group): boolean {
  const members = findings.checks.filter((check) => groupOf(check) === name)
  if (members.length === 0) return true
  findings.print(`${title}\n`)
  const verdicts = members.map((check) => printCheck(findings, check))
  findings.print('')
  return verdicts.every(Boolean)
}

function printCheck(findings: Findings, check: Check): boolean {
  const { print } = findings
  const report = reportOf(findings, check)
  const isBroken = report.story !== null
  const isGood = isBroken !== mustHold(check)
  const [good, bad] = mustHold(check) ? ['ok', 'BROKEN'] : ['found', 'MISSED']
  const title = check.kind === 'race' ? check.title : check.world.title
  print(`  ${(isGood ? good : bad).padEnd(6)} ${nameOfCheck(check).padEnd(24)} ${title}`)
  const rounds = groupOf(check) === 'thief' ? `, at most ${report.rounds} rounds` : ''
  if (mustHold(check)) print(`         ${figures(report)}${rounds}`)
  for (const line of report.story ?? []) print(`         ${line}`)
  if (isBroken) print('')
  return isGood
}

function figures({ states, moves, exhausted, seconds, story }: CheckReport): string {
  const runs = exhausted ? 'runs of every length' : `every run of up to ${moves} moves`
  const violations = story === null ? '0 violations' : '1 VIOLATION'
  return `${grouped(states)} states, ${runs}, ${violations}, ${seconds.toFixed(1)} s`
}

function reportOf({ reports }: Findings, check: Check): CheckReport {
  const report = reports.get(nameOfCheck(check))
  if (report === undefined) throw new Error(`no report of ${nameOfCheck(check)}`)
  return report
}

function groupOf(check: Check): Group['name'] {
  return check.kind === 'race' ? check.kind : check.group
}

function mustHold(check: Check): boolean {
  return check.kind === 'race' || check.expected === 'holds'
}

/** Digits in groups of three, such as 1 234 567. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}
