import type { StoreError, StoreErrorKind } from '@pawl/core'
import type { Log } from './logger.ts'

/** A kind of trouble that goes on has a line so often, in milliseconds. */
const SAID_AGAIN_MS = 10_000

/**
 * Tells of trouble with the store, with its cause: a line for the first of each kind and then one
 * every ten seconds, with how many there were since. An outage has as many as there are requests.
 */
export function storeTroubleTeller(
  log: Pick<Log, 'trouble'>,
  elapsedMs: () => number,
): (error: StoreError) => void {
  const said = new Map<StoreErrorKind, { readonly atMs: number; unsaid: number }>()
  return (error) => {
    const last = said.get(error.kind)
    const nowMs = elapsedMs()
    if (last !== undefined && nowMs - last.atMs < SAID_AGAIN_MS) {
      last.unsaid += 1
      return
    }
    said.set(error.kind, { atMs: nowMs, unsaid: 0 })
    const { kind } = error
    log.trouble('trouble with the store', error, { kind, unsaid: last?.unsaid ?? 0 })
  }
}
