import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A back end in a process of its own. */
export interface BackEnd {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Starts the program of a back end over a core; resolves when it listens. */
export async function startBackEnd(program: string, coreUrl: string): Promise<BackEnd> {
  const child = spawn(process.execPath, [program, coreUrl], { stdio: ['pipe', 'pipe', 'inherit'] })
  const port = await portOf(child)
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

async function portOf(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text
    const port = /^listening on (\d+)$/m.exec(said)?.[1]
    if (port !== undefined) resolve(port)
  })
  child.once('exit', () => reject(new Error(`the back end ended: ${said}`)))
  return await promise
}
