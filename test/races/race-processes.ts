import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { RaceOrder, RaceReport } from './calls.ts'

/** The processes of a race, each with a core on the store under test. */
export interface RaceProcesses {
  /** Sends each process its order at the same time. */
  readonly race: (orders: readonly RaceOrder[]) => Promise<readonly RaceReport[]>
  readonly end: () => Promise<void>
}

/** Starts processes; resolves when all are ready. */
export async function startProcesses(options: {
  readonly count: number
  readonly openStoreModule: string
  readonly place: string
}): Promise<RaceProcesses> {
  const { count, openStoreModule, place } = options
  const program = path.join(import.meta.dirname, 'race-process.ts')
  const children = Array.from({ length: count }, () => fork(program, [openStoreModule, place]))
  await Promise.all(children.map(nextMessage))
  return {
    race: async (orders) => {
      const reports = children.map(nextMessage)
      for (const [index, child] of children.entries()) child.send(orders[index] as RaceOrder)
      return (await Promise.all(reports)) as readonly RaceReport[]
    },
    end: async () => {
      await Promise.all(
        children.map(async (child) => {
          const exited = once(child, 'exit')
          child.send(null as never)
          await exited
        }),
      )
    },
  }
}

/** The next message of a process; rejects if it ends instead. */
function nextMessage(child: ChildProcess): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const onMessage = (message: unknown): void => {
    child.off('exit', onExit)
    resolve(message)
  }
  const onExit = (code: number | null): void => {
    child.off('message', onMessage)
    reject(new Error(`a process of the race ended with code ${code}`))
  }
  child.once('message', onMessage)
  child.once('exit', onExit)
  return promise
}
