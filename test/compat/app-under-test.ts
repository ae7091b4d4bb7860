import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Launch } from './installs/launch.ts'
import { type Exchange, type Recorder, startRecorder } from './recorder.ts'

/** The three ways in which these SDKs guard against forged requests. */
export type AntiCsrf = 'NONE' | 'VIA_TOKEN' | 'VIA_CUSTOM_HEADER'

/** How an app is set up. */
export interface AppSetup {
  readonly antiCsrf: AntiCsrf
  /** Whether its tokens are signed by keys that turn. */
  readonly dynamicKeys: boolean
  /** The path of its app at the core, `/appid-<id>`; empty for the default app. */
  readonly appPath: string
}

/** An app in a process of its own. */
export interface AppUnderTest {
  readonly url: string
  readonly recorder: Recorder
  readonly exchanges: readonly Exchange[]
  /** What it has printed. */
  readonly output: () => string
  readonly stop: () => Promise<void>
}

const START_TIMEOUT_MS = 180_000
const STOP_TIMEOUT_MS = 5_000
const OUTPUT_MAX = 20_000

/** Starts an app on the core, with a recorder between; resolves when it listens. */
export async function startApp(
  launch: Launch,
  setup: AppSetup,
  core: { readonly url: string; readonly apiKey: string },
): Promise<AppUnderTest> {
  const recorder = await startRecorder(core.url)
  const settings = {
    ...launch.settings,
    coreUrl: `${recorder.url}${setup.appPath}`,
    apiKey: core.apiKey,
    antiCsrf: setup.antiCsrf,
    dynamicKeys: setup.dynamicKeys,
  }
  const [program = '', ...args] = launch.command
  const child = spawn(program, args, {
    cwd: launch.folder,
    env: { ...process.env, ...launch.env, COMPAT_APP: JSON.stringify(settings) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let output = ''
  const { promise: port, resolve, reject } = Promise.withResolvers<string>()
  const take = (text: string): void => {
    output = (output + text).slice(-OUTPUT_MAX)
    const found = /^listening on (\d+)/m.exec(output)?.[1]
    if (found !== undefined) resolve(found)
  }
  child.stdout?.setEncoding('utf8').on('data', take)
  child.stderr?.setEncoding('utf8').on('data', take)
  child.once('error', reject)
  child.once('exit', () => reject(new Error(`the app ended:\n${output}`)))
  const timer = setTimeout(
    () => reject(new Error('the app did not start in time')),
    START_TIMEOUT_MS,
  )
  const stop = async (): Promise<void> => {
    await stopChild(child)
    await recorder.close()
  }
  try {
    const url = `http://127.0.0.1:${await port}`
    return { url, recorder, exchanges: recorder.exchanges, output: () => output, stop }
  } catch (error) {
    await stop()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** The end of its standard input is what tells an app to end. */
async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = once(child, 'exit')
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(timer)
}
