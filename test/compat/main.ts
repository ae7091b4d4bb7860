/**
 * `npm run test:compat [-- sdk… rule… column…]`: drives the official SDKs, unmodified, against our
 * core, and prints one line for each SDK and rule. `node-24`, `python`, `go` choose SDKs, `ours`
 * and `strict` the rule, `RS256` and `EdDSA` another algorithm, any other word the columns that
 * contain it. The exit code is 0 only if every chosen scenario passed.
 */
import type { Algorithm, Rule } from './core-under-test.ts'
import { InstallFailure } from './installs/run-installer.ts'
import { type PairOutcome, runPair } from './run-pair.ts'
import { SUBJECTS, type Subject } from './subjects.ts'
import { describeLegend, describePair, describeTotal } from './table.ts'

const RULES: readonly Rule[] = ['ours', 'strict']
const ALGORITHMS: readonly Algorithm[] = ['ES256', 'RS256', 'EdDSA']

function isMeant(subject: Subject, word: string): boolean {
  return subject.name === word || subject.kind === word
}

async function main(words: readonly string[]): Promise<void> {
  const known = (word: string) => SUBJECTS.some((subject) => isMeant(subject, word))
  const rulesAsked = RULES.filter((rule) => words.includes(rule))
  const subjects = words.some(known)
    ? SUBJECTS.filter((subject) => words.some((word) => isMeant(subject, word)))
    : SUBJECTS
  const algorithm = ALGORITHMS.find((name) => words.includes(name)) ?? 'ES256'
  const isChoice = (word: string) => [...RULES, ...ALGORITHMS].some((name) => name === word)
  const columns = words.filter((word) => !known(word) && !isChoice(word))
  const done: PairOutcome[] = []
  const troubles: string[] = []
  console.log(describeLegend(columns))
  for (const subject of subjects) {
    for (const rule of rulesAsked.length > 0 ? rulesAsked : RULES) {
      const outcome = await runPair({ subject, rule, algorithm, columns }).catch(
        (error: unknown) => {
          const isKnown = error instanceof InstallFailure
          const text = isKnown
            ? error.message
            : error instanceof Error
              ? error.stack
              : String(error)
          troubles.push(`${subject.name}, ${rule}: ${text}`)
          console.log(`✖ ${subject.name}, ${rule}: not run\n${text}`)
          return undefined
        },
      )
      if (outcome === undefined) continue
      done.push(outcome)
      console.log(describePair(outcome))
    }
  }
  console.log(describeTotal(done, troubles.length))
  const isGreen = done.every(({ outcomes }) => outcomes.every(({ kind }) => kind !== 'failed'))
  process.exitCode = isGreen && troubles.length === 0 && done.length > 0 ? 0 : 1
}

await main(process.argv.slice(2))
// A connection that an SDK holds open must not keep us.
process.exit()
