import { HEADER_COLUMN, type PairOutcome } from './run-pair.ts'
import { SCENARIOS } from './scenarios/index.ts'
import type { Scenario } from './scenarios/scenario.ts'

const NAME_WIDTH = 16
const VERSION_WIDTH = 8
const RULE_WIDTH = 7
const SIGNS = { passed: '✔', failed: '✖', 'left out': '–' } as const

function columnsOf(words: readonly string[]): readonly string[] {
  const isWanted = ({ column }: Scenario) =>
    words.length === 0 || words.some((word) => column.includes(word))
  const wanted = SCENARIOS.filter(isWanted)
  const headers = wanted.some(({ inHeaders }) => inHeaders === true) ? [HEADER_COLUMN] : []
  return [...wanted.map(({ column }) => column), ...headers]
}

/** The head of the table: the columns are numbered, their names stand above. */
export function describeLegend(words: readonly string[]): string {
  const columns = columnsOf(words)
  const names = columns.map((column, at) => `${at + 1} ${column}`).join(' · ')
  const numbers = columns.map((_, at) => String(at + 1).padStart(2)).join(' ')
  const head =
    'SDK'.padEnd(NAME_WIDTH) + 'version'.padEnd(VERSION_WIDTH) + 'rule'.padEnd(RULE_WIDTH)
  return `${names}\n✔ passed, ✖ failed, – not in this SDK\n\n${head}${numbers}`
}

/** A line of the table, and the stories of what failed. */
export function describePair({ subject, rule, outcomes, seconds }: PairOutcome): string {
  const head =
    subject.name.padEnd(NAME_WIDTH) +
    subject.version.padEnd(VERSION_WIDTH) +
    rule.padEnd(RULE_WIDTH)
  const cells = outcomes.map(({ kind }) => ` ${SIGNS[kind]}`).join(' ')
  const stories = outcomes.filter(({ kind }) => kind === 'failed').map(({ story }) => story)
  const line = `${head}${cells}  ${seconds.toFixed(0)} s`
  return [line, ...stories.map((story) => story.replace(/^/gm, '    '))].join('\n')
}

/** The closing lines. */
export function describeTotal(pairs: readonly PairOutcome[], notRun: number): string {
  const all = pairs.flatMap(({ outcomes }) => outcomes)
  const count = (kind: string) => all.filter((outcome) => outcome.kind === kind).length
  const seconds = pairs.reduce((sum, pair) => sum + pair.seconds, 0)
  return (
    `\n${pairs.length} pairs in ${seconds.toFixed(0)} s` +
    `${notRun > 0 ? `, ${notRun} not run` : ''}\n` +
    `${count('passed')} passed, ${count('failed') + notRun} failed, ${count('left out')} skipped`
  )
}
