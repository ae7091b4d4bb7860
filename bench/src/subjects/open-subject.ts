import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Burst } from './subject.ts'

/** A subject in a process of its own, as the one who measures sees it. */
export interface RemoteSubject {
  burst(durationMs: number): Promise<Burst>
  close(): Promise<void>
}

type Message = { readonly burst?: Burst; readonly error?: string; readonly isOpen?: true }

/** Starts a process for a subject; resolves when the subject is ready to work. */
export async function openSubject(name: string, variant = ''): Promise<RemoteSubject> {
  const program = path.join(import.meta.dirname, 'subject-process.ts')
  const child = fork(program, [name, variant], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await nextMessage(child, name)
  return {
    burst: async (durationMs) => {
      child.send(durationMs)
      const { burst, error } = await nextMessage(child, name)
      if (burst === undefined) throw new Error(`${name} failed: ${error}`)
      return burst
    },
    close: async () => {
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}

async function nextMessage(child: ChildProcess, name: string): Promise<Message> {
  const ended = new AbortController()
  try {
    return await Promise.race([
      once(child, 'message', ended).then(([message]) => message as Message),
      once(child, 'exit', ended).then(([code]) => {
        throw new Error(`the process of ${name} ended with ${code}`)
      }),
    ])
  } finally {
    ended.abort()
  }
}
