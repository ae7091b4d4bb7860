import { parentPort } from 'node:worker_threads'
import { CHECKS, nameOfCheck } from './catalog.ts'
import { runCheck } from './run-check.ts'

/** What the pool asks of a worker. */
export interface Order {
  readonly name: string
  readonly movesMax: number | null
}

parentPort?.on('message', ({ name, movesMax }: Order) => {
  const check = CHECKS.find((candidate) => nameOfCheck(candidate) === name)
  if (check === undefined) throw new Error(`no check is named ${name}`)
  parentPort?.postMessage(runCheck(check, movesMax ?? undefined))
})
