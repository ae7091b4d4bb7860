/**
 * `npm run bench [-- name…]`: measures all figures, or the named ones, each beside its reference
 * from the same run; a name is also the first word of several, as `stores` is. ★ moonshot,
 * ✔ target, ✖ target missed; the exit code is 0 if none was missed.
 */
import { FIGURES } from './figures.ts'
import { conditions, reportOf } from './report.ts'

const asked = process.argv.slice(2)
const isMeant = (name: string, word: string) => name === word || name.startsWith(`${word}-`)
const chosen = FIGURES.filter(({ name, isOnlyByName }) =>
  asked.length === 0 ? isOnlyByName !== true : asked.some((word) => isMeant(name, word)),
)
const unknown = asked.filter((word) => !FIGURES.some(({ name }) => isMeant(name, word)))
if (unknown.length > 0) {
  const known = FIGURES.map(({ name }) => name).join(', ')
  console.error(`No figure is called ${unknown.join(', ')}: there are ${known}.`)
  process.exit(2)
}
console.log(`${conditions()}\n`)
let missed = 0
for (const figure of chosen) {
  try {
    const { text, reached } = reportOf(figure, await figure.measure())
    console.log(text)
    if (!reached) missed += 1
  } catch (error) {
    console.error(`${figure.name} was not measured:`, error)
    missed += 1
  }
}
console.log(missed === 0 ? 'every target was reached' : `${missed} figures missed a target`)
process.exitCode = missed === 0 ? 0 : 1
