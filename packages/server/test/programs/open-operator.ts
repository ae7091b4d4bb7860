import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const PROGRAM = path.join(import.meta.dirname, 'run-commands.ts')

/** Somebody who types `pawl` commands, one after the other, in a data directory of their own. */
export interface Operator {
  readonly dir: string
  readonly pawl: (
    ...args: readonly string[]
  ) => Promise<{ readonly code: number; readonly output: string; readonly errors: string }>
  readonly leave: () => void
}

/** Opens an empty data directory and a process that runs commands on it. */
export function openOperator(): Operator {
  const dir = mkdtempSync(path.join(tmpdir(), 'pawl-operator-'))
  const child: ChildProcess = fork(PROGRAM, { env: { PAWL_DATA_DIR: dir } })
  return {
    dir,
    async pawl(...args) {
      const answered = once(child, 'message')
      child.send(args)
      const [finished] = await answered
      return finished
    },
    leave() {
      child.kill()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
