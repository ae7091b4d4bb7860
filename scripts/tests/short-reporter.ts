import path from 'node:path'
import { inspect } from 'node:util'

/** What this reporter reads of the events of Node's test runner. */
interface TestEvent {
  readonly type: string
  readonly data: {
    readonly name?: string
    readonly file?: string
    readonly line?: number
    readonly message?: string
    readonly duration_ms?: number
    readonly counts?: Readonly<Record<string, number>>
    readonly details?: { readonly error?: TestError }
    readonly skip?: string | boolean
  }
}

interface TestError extends Error {
  readonly failureType?: string
}

const MAX_OUTPUT_CHARACTERS = 20_000
/** Diagnostics that are the runner's own counts, of a file or of all. */
const COUNT = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/
const closingLines = ['tests', 'suites', 'passed', 'failed', 'cancelled', 'skipped', 'todo']
/** The words of the runner's own reporter where they differ from the names of its counts. */
const closingWords: Readonly<Record<string, string>> = { passed: 'pass', failed: 'fail' }

/**
 * One line a file, below it what its tests have measured and say, every failure in full with what
 * its file printed, and at the end the closing lines of Node's own reporter.
 */
export default async function* shortReporter(source: AsyncIterable<TestEvent>) {
  const printed = new Map<string, string>()
  const failures = new Map<string, string[]>()
  const said = new Map<string, string[]>()
  for await (const { type, data } of source) {
    const file = data.file ?? ''
    if (type === 'test:stdout' || type === 'test:stderr') {
      const all = (printed.get(file) ?? '') + (data.message ?? '')
      printed.set(file, all.slice(-MAX_OUTPUT_CHARACTERS))
    } else if (type === 'test:diagnostic' && data.file !== undefined) {
      const message = data.message ?? ''
      if (!COUNT.test(message)) said.set(file, [...(said.get(file) ?? []), `ℹ ${message}`])
    } else if (type === 'test:fail') {
      const failure = describeFailure(data.name ?? '', data)
      if (failure !== undefined) failures.set(file, [...(failures.get(file) ?? []), failure])
    } else if (type === 'test:summary' && data.file !== undefined) {
      yield fileLine(file, data)
      yield* (said.get(file) ?? []).map(indent)
      yield* (failures.get(file) ?? []).map(indent)
      if (failures.has(file) && printed.has(file)) yield indent(`printed:\n${printed.get(file)}`)
      for (const texts of [failures, said, printed]) texts.delete(file)
    } else if (type === 'test:summary') {
      // A file that broke before its first test has no summary of its own.
      for (const [broken, texts] of failures) {
        yield* texts.map(indent)
        if (printed.has(broken)) yield indent(`printed:\n${printed.get(broken)}`)
      }
      yield closing(data)
    }
  }
}

function fileLine(file: string, data: TestEvent['data']): string {
  const counts = data.counts ?? {}
  const bad = (counts.failed ?? 0) + (counts.cancelled ?? 0)
  const skipped = counts.skipped ? `, ${counts.skipped} skipped` : ''
  const seconds = ((data.duration_ms ?? 0) / 1000).toFixed(1)
  const said = `${counts.tests ?? 0} tests${bad > 0 ? `, ${bad} failed` : ''}${skipped}`
  return `${bad > 0 ? '✖' : '✔'} ${path.relative('', file)} (${said}, ${seconds} s)\n`
}

/** A parent that failed only because a child did says nothing new. */
function describeFailure(name: string, data: TestEvent['data']): string | undefined {
  const error = data.details?.error
  if (error?.failureType === 'subtestsFailed') return undefined
  const place = data.file === undefined ? '' : ` (${path.relative('', data.file)}:${data.line})`
  const cause = error?.cause ?? error
  return `✖ ${name}${place}\n${describeError(cause)}`
}

/** The stack holds the message and the difference; the members beside it only repeat them. */
function describeError(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) {
    return typeof error === 'string' ? error : inspect(error)
  }
  return error.cause === undefined
    ? error.stack
    : `${error.stack}\ncaused by ${describeError(error.cause)}`
}

function closing(data: TestEvent['data']): string {
  const counts = data.counts ?? {}
  const lines = closingLines.map((key) => `ℹ ${closingWords[key] ?? key} ${counts[key] ?? 0}`)
  return `${[...lines, `ℹ duration_ms ${data.duration_ms ?? 0}`].join('\n')}\n`
}

function indent(text: string): string {
  return `${text.trimEnd().replace(/^/gm, '    ')}\n`
}
