import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { generateSecret } from '@pawl/embedded'
import { type EngineName, startEngine } from '../engines/index.ts'

/** A core and a demo of their own, as processes, on free ports. */
export interface RunningDemo {
  readonly pageUrl: string
  readonly apiUrl: string
  /** Stops both and removes what they wrote. */
  readonly stop: () => Promise<void>
}

const root = path.resolve(import.meta.dirname, '../..')
const LINES_MAX = 50

/** The engine that the demo's core is on: `DEMO_ENGINE=postgres`, say. Default: SQLite. */
const engineOfAll = process.env.DEMO_ENGINE ?? 'sqlite'

/** Starts both; `env` goes to the core, for lifetimes say. */
export async function runDemo(
  env: Readonly<Record<string, string>>,
  engineName: EngineName | 'sqlite' = engineOfAll as EngineName | 'sqlite',
): Promise<RunningDemo> {
  const engine = engineName === 'sqlite' ? undefined : await startEngine(engineName)
  const dataDir = await mkdtemp(path.join(tmpdir(), 'pawl-demo-'))
  const running: ChildProcess[] = []
  const stop = async () => {
    for (const child of running.reverse()) await end(child)
    await engine?.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  const run = (file: string, args: readonly string[], own: Readonly<Record<string, string>>) => {
    const child = spawn(process.execPath, [path.join(root, file), ...args], {
      env: { ...process.env, ...own },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    running.push(child)
    return child
  }
  try {
    const where = { PAWL_HOST: '127.0.0.1', PAWL_PORT: '0', PAWL_DATA_DIR: dataDir }
    const store =
      engine === undefined ? {} : { PAWL_STORE: engine.url, PAWL_SECRET: generateSecret() }
    const core = run('packages/server/src/cli.ts', ['serve'], { ...where, ...store, ...env })
    const [, coreUrl = ''] = await said(core, /"url":"(http:[^"]+)"/)
    const ports = { PAWL_CORE_URL: coreUrl, DEMO_PORT: '0', DEMO_API_PORT: '0' }
    const demo = run('examples/demo/src/main.ts', [], ports)
    const [, pageUrl = '', apiUrl = ''] = await said(demo, /^demo (http:\S+) api (http:\S+)$/)
    return { pageUrl, apiUrl, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Waits for a line of the process that matches; its later lines are read and forgotten. */
function said(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
  if (child.stdout === null) throw new Error('the process has no output to read')
  const seen: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    if (seen.length < LINES_MAX) seen.push(line)
    const match = pattern.exec(line)
    if (match !== null) resolve(match)
  })
  child.once('error', reject)
  child.once('exit', (code) => {
    reject(new Error(`it ended (${code}) before it was ready:\n${seen.join('\n')}`))
  })
  return promise
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}
