/**
 * `npm run check [-- name…]`: everything that can be judged without running the product. All
 * checks run, all faults are reported; the exit code is 0 only if there is none.
 */
import { spawn } from 'node:child_process'
import { checkLinks } from './checks/links.ts'
import { checkNames } from './checks/names.ts'
import { checkPurity } from './checks/purity.ts'
import { checkReference } from './checks/reference.ts'
import { checkSizes } from './checks/sizes.ts'
import { type Finding, listSourceFiles, root, type SourceFile } from './checks/source-files.ts'
import { checkSpeech } from './checks/speech.ts'

interface Outcome {
  readonly ok: boolean
  readonly output: string
}

/** Two at a time: the slow ones (types, dead code) first. */
const CONCURRENCY = 2
const TOOL_TIMEOUT_MS = 600_000

const parts = ['packages', 'simulation', 'bench', 'examples', 'scripts', 'test']

const checks: Readonly<Record<string, () => Promise<Outcome>>> = {
  types: () => tool('tsc', ['-p', '.', '--incremental', '--tsBuildInfoFile', buildInfo]),
  dead: () => tool('knip', ['--no-progress', '--no-config-hints']),
  walls: () => tool('depcruise', ['--config', '.dependency-cruiser.mjs', ...parts]),
  style: () => tool('biome', ['check', '--error-on-warnings', '--max-diagnostics=40', '.']),
  sizes: () => judge(checkSizes),
  names: () => judge(checkNames),
  purity: () => judge(checkPurity),
  speech: () => judge(checkSpeech),
  links: () => judge(checkLinks),
  reference: () => judge(checkReference),
}
const buildInfo = 'node_modules/.cache/check.tsbuildinfo'

function tool(command: string, args: readonly string[]): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TOOL_TIMEOUT_MS,
  })
  let output = ''
  const take = (chunk: string) => {
    output += chunk
  }
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  child.on('error', (error) => resolve({ ok: false, output: `${command}: ${error.message}` }))
  child.on('close', (code, signal) => {
    if (signal !== null) output += `\n${command} was ended by ${signal}`
    resolve({ ok: code === 0, output })
  })
  return promise
}

let sources: readonly SourceFile[] | undefined

async function judge(
  check: (files: readonly SourceFile[]) => readonly Finding[] | Promise<readonly Finding[]>,
): Promise<Outcome> {
  sources ??= listSourceFiles()
  const findings = await check(sources)
  const output = findings.map((finding) => {
    const place = finding.line === undefined ? finding.file : `${finding.file}:${finding.line}`
    return `${finding.warning ? 'warning: ' : ''}${place}: ${finding.text}`
  })
  return { ok: findings.every(({ warning }) => warning === true), output: output.join('\n') }
}

async function report(name: string): Promise<boolean> {
  const startedAtMs = performance.now()
  const outcome = await checks[name]?.().catch((error: unknown) => ({
    ok: false,
    output: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }))
  if (outcome === undefined) throw new Error(`no check is called ${name}`)
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
  const output = outcome.output.trim()
  const silent = outcome.ok && !output.startsWith('warning: ')
  console.log(`${outcome.ok ? '✔' : '✖'} ${name} (${seconds} s)`)
  if (!silent && output !== '') console.log(output.replace(/^/gm, '    '))
  return outcome.ok
}

async function main(asked: readonly string[]): Promise<void> {
  const unknown = asked.filter((name) => !Object.hasOwn(checks, name))
  if (unknown.length > 0) {
    console.error(`No check is called ${unknown.join(', ')}: ${Object.keys(checks).join(', ')}.`)
    process.exitCode = 2
    return
  }
  const waiting = asked.length > 0 ? [...asked] : Object.keys(checks)
  let passed = 0
  let failed = 0
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      if (await report(name)) passed += 1
      else failed += 1
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  console.log(`checks: ${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

await main(process.argv.slice(2))
