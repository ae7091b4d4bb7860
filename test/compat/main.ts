/**
 * `npm run test:compat [-- sdk… rule… column…]`: drives the official SDKs, unmodified, against our
 * core, and prints one line for each SDK and rule. `node-24`, `python`, `go` choose SDKs, `ours`
 * and `strict` the rule, `RS256` and `EdDSA` another algorithm, any other word the columns that
 * contain it. The exit code is 0 only if every chosen scenario passed.
 */
import { type Algorithm, type Rule, stopRunningCores } from './core-under-test.ts'
import { InstallFailure } from './installs/run-installer.ts'
import { type PairOutcome, runPair } from './run-pair.ts'
import { SUBJECTS, type Subject } from './subjects.ts'
import { describeLegend, describePair, describeTotal } from './table.ts'

const RULES: readonly Rule[] = ['ours', 'strict']
const ALGORITHMS: readonly Algorithm[] = ['ES256', 'RS256', 'EdDSA']

function isMeant(subject: Subject, word: string): boolean {
  return subject.name === word || subject.kind === word
}

interface Choice {
  readonly subjects: readonly Subject[]
  readonly rules: readonly Rule[]
  readonly algorithm: Algorithm
  readonly columns: readonly string[]
}

function readChoice(words: readonly string[]): Choice {
  const isSubject = (word: string) => SUBJECTS.some((subject) => isMeant(subject, word))
  const isOther = (word: string) => [...RULES, ...ALGORITHMS].some((name) => name === word)
  const subjects = SUBJECTS.filter((subject) => words.some((word) => isMeant(subject, word)))
  const rules = RULES.filter((rule) => words.includes(rule))
  return {
    subjects: subjects.length > 0 ? subjects : SUBJECTS,
    rules: rules.length > 0 ? rules : RULES,
    algorithm: ALGORITHMS.find((name) => words.includes(name)) ?? 'ES256',
    columns: words.filter((word) => !isSubject(word) && !isOther(word)),
  }
}

/** What kept a pair from being played; an installer speaks for itself. */
function wordsOf(error: unknown): string {
  if (error instanceof InstallFailure) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

async function main(words: readonly string[]): Promise<void> {
  const { subjects, rules, algorithm, columns } = readChoice(words)
  const done: PairOutcome[] = []
  let notRun = 0
  console.log(describeLegend(columns))
  for (const subject of subjects) {
    for (const rule of rules) {
      try {
        const outcome = await runPair({ subject, rule, algorithm, columns })
        done.push(outcome)
        console.log(describePair(outcome))
      } catch (error) {
        notRun += 1
        console.log(`✖ ${subject.name}, ${rule}: not run: ${wordsOf(error)}`)
      }
    }
  }
  console.log(describeTotal(done, notRun))
  const kinds = done.flatMap(({ outcomes }) => outcomes.map(({ kind }) => kind))
  const isGreen = notRun === 0 && kinds.includes('passed') && !kinds.includes('failed')
  process.exitCode = isGreen ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // The apps end by themselves: their standard input does.
  process.once(signal, () => void stopRunningCores().finally(() => process.exit(130)))
}
await main(process.argv.slice(2))
// A connection that an SDK holds open must not keep us.
process.exit()
