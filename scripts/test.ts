/**
 * `npm test [-- part… word…]`: all tests, or the named parts; further words choose the test files
 * whose path contains one of them. `STORES=postgres,redis` narrows the engines that tests run on.
 * The exit code is 0 only if every part passed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { root } from './checks/source-files.ts'
import { filesOf, type Phase, phases } from './tests/phases.ts'
import { faultOfStores } from './tests/stores.ts'

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** A single test that hangs is ended after this. */
const TEST_TIMEOUT_MS = 300_000
const KILL_GRACE_MS = 3000
const here = import.meta.dirname

function commandOf(phase: Phase, words: readonly string[]): readonly string[] | undefined {
  if (phase.name === 'check') return [path.join(here, 'check.ts')]
  const files = filesOf(phase).filter(
    (file) => words.length === 0 || words.some((word) => file.includes(word)),
  )
  if (files.length === 0) return undefined
  return [
    '--test',
    `--test-reporter=${path.join(here, 'tests/short-reporter.ts')}`,
    '--test-reporter-destination=stdout',
    `--test-concurrency=${phase.concurrency}`,
    `--test-timeout=${phase.testTimeoutMs ?? TEST_TIMEOUT_MS}`,
    ...files,
  ]
}

/** Ends a child and all that it started, which has its process group; politely first. */
function endGroup(child: ChildProcess): void {
  const send = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  send('SIGTERM')
  setTimeout(() => send('SIGKILL'), KILL_GRACE_MS).unref()
}

/** The counts in the closing lines of the test runner, or in the last line of the checks. */
function countIn(output: string): Count {
  const checks = /^checks: (\d+) passed, (\d+) failed$/m.exec(output)
  const number = (word: string) =>
    Number(new RegExp(`^ℹ ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0)
  if (checks !== null) return { passed: Number(checks[1]), failed: Number(checks[2]), skipped: 0 }
  const failed = number('fail') + number('cancelled')
  return { passed: number('pass'), failed, skipped: number('skipped') + number('todo') }
}

const running = new Set<ChildProcess>()

async function runPhase(phase: Phase, args: readonly string[]): Promise<Count> {
  const complaint = phase.prepare?.()
  if (complaint !== undefined) {
    console.error(`✖ ${phase.name}: ${complaint}`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const { promise, resolve } = Promise.withResolvers<number>()
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...phase.env, ...process.env },
    detached: true,
  })
  running.add(child)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    process.stdout.write(chunk)
  })
  const timer = setTimeout(() => {
    console.error(`✖ ${phase.name} took longer than ${phase.timeoutMs / 60_000} minutes: ended`)
    endGroup(child)
  }, phase.timeoutMs)
  child.on('close', (code) => resolve(code ?? 1))
  const code = await promise
  clearTimeout(timer)
  running.delete(child)
  const count = countIn(output)
  return code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count
}

function chosen(args: readonly string[]): { parts: readonly Phase[]; words: readonly string[] } {
  const named = phases.filter(({ name }) => args.includes(name))
  const words = args.filter((arg) => !phases.some(({ name }) => name === arg))
  const everyDay = phases.filter(({ isOnDemand }) => isOnDemand !== true)
  return { parts: named.length > 0 ? named : everyDay, words }
}

async function main(): Promise<void> {
  const complaint = faultOfStores(process.env.STORES)
  if (complaint !== undefined) {
    console.error(complaint)
    process.exitCode = 1
    return
  }
  const { parts, words } = chosen(process.argv.slice(2))
  const startedAtMs = performance.now()
  const lines: string[] = []
  let total: Count = { passed: 0, failed: 0, skipped: 0 }
  for (const phase of parts) {
    const args = commandOf(phase, words)
    if (args === undefined || (phase.name === 'check' && words.length > 0)) continue
    console.log(`\n— ${phase.name}`)
    const phaseStartedAtMs = performance.now()
    const count = await runPhase(phase, args)
    const seconds = ((performance.now() - phaseStartedAtMs) / 1000).toFixed(1)
    lines.push(
      `${count.failed === 0 ? '✔' : '✖'} ${phase.name}: ${count.passed} passed, ` +
        `${count.failed} failed${count.skipped ? `, ${count.skipped} skipped` : ''} (${seconds} s)`,
    )
    total = {
      passed: total.passed + count.passed,
      failed: total.failed + count.failed,
      skipped: total.skipped + count.skipped,
    }
  }
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0)
  console.log(`\n${lines.join('\n')}\n\nall parts took ${seconds} s`)
  console.log(
    `${total.passed} passed, ${total.failed} failed` +
      (total.skipped > 0 ? `, ${total.skipped} skipped` : ''),
  )
  if (lines.length === 0) console.error('No test file matches.')
  process.exitCode = total.failed === 0 && lines.length > 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    for (const child of running) endGroup(child)
    setTimeout(() => process.exit(130), KILL_GRACE_MS + 500)
  })
}
await main()
