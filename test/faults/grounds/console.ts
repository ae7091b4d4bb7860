import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A database's own command line, held open: what it began lasts until it ends. */
export interface DatabaseConsole {
  /** Sends lines; resolves with what was printed once the pattern is found in it. */
  readonly say: (lines: string, until: RegExp) => Promise<void>
  readonly close: () => Promise<void>
}

/** Starts a console program; `env` for its password. */
export function openConsole(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): DatabaseConsole {
  const [program = '', ...args] = command
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: 'pipe' })
  const ended = once(child, 'exit')
  let heard = ''
  let look = () => {}
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      heard += text
      look()
    })
  }
  return {
    say: async (lines, until) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      look = () => {
        if (until.test(heard)) resolve()
      }
      void ended.then(() => reject(new Error(`${program} ended: ${heard}`)))
      heard = ''
      child.stdin.write(`${lines}\n`)
      await promise
    },
    close: async () => {
      child.stdin.end()
      await ended
    },
  }
}
