import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

const CLI = path.resolve(import.meta.dirname, '../../packages/server/src/cli.ts')

/** A core service in a process of its own. */
export interface CoreService {
  readonly url: string
  /** Everything it has logged so far. */
  readonly log: () => string
  /** False once its process is gone, for whatever reason. */
  readonly isRunning: () => boolean
  /** Freezes its process, or lets it go on. */
  readonly signal: (signal: 'SIGSTOP' | 'SIGCONT') => void
  /** Ends it at once, in the middle of whatever it does. */
  readonly kill: () => Promise<void>
  /** Asks it to stop, and waits. */
  readonly stop: () => Promise<void>
}

/**
 * Starts a service; resolves when it accepts requests.
 *
 * @param cli the file of the `pawl` command; default: that of this repository
 */
export async function startCore(
  env: { readonly [name: string]: string },
  cli: string = CLI,
): Promise<CoreService> {
  const child = spawn(process.execPath, [cli, 'serve'], {
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>()
  let log = ''
  let isListening = false
  const take = (text: string): void => {
    log += text
    // Looked at until it is found only: looking makes one string of all that was ever logged.
    const url = isListening ? undefined : /"url":"([^"]+)"/.exec(log)?.[1]
    if (url === undefined) return
    isListening = true
    resolve(url)
  }
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  child.once('exit', () => reject(new Error(`the service ended: ${log}`)))
  const url = await listening
  return {
    url,
    log: () => log,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    signal: (signal) => void child.kill(signal),
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}
