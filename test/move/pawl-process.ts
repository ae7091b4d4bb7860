import { spawn } from 'node:child_process'
import path from 'node:path'

const CLI = path.resolve(import.meta.dirname, '../../packages/server/src/cli.ts')

/** What became of a command. */
export interface Finished {
  readonly code: number | null
  readonly output: string
}

/** Runs a command in a process of its own; kills it as soon as its output has a word. */
export function runPawl(
  args: readonly string[],
  dataDir: string,
  killAt?: string,
): Promise<Finished> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PAWL_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { promise, resolve, reject } = Promise.withResolvers<Finished>()
  let output = ''
  const take = (text: string): void => {
    output += text
    if (killAt !== undefined && output.includes(killAt)) child.kill('SIGKILL')
  }
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  child.once('error', reject)
  child.once('close', (code) => resolve({ code, output }))
  return promise
}
