import type { RevocationNotice } from '@pawl/protocol'
import type { Schedule } from '../ports.ts'

/**
 * Ends that the feed brought are told so much later, in ms: what this driver did itself is told by
 * the call that did it, which knows more.
 */
const TELL_AFTER_MS = 1_000
/** Most ends that wait; beyond, they are told at once. */
const WAITING_MAX = 10_000

/** A session that ended elsewhere. */
export type EndNotice = Extract<RevocationNotice, { kind: 'session' }>

/** Tells of sessions that ended elsewhere, a little later. */
export interface TellEnds {
  take(ends: readonly EndNotice[]): void
  /** Tells what waits, now. */
  flush(): void
}

/** `tell` is called once for each end that was taken. */
export function makeTellEnds(schedule: Schedule, tell: (end: EndNotice) => void): TellEnds {
  let waiting: EndNotice[] = []
  let callOff: (() => void) | undefined

  function flush(): void {
    callOff?.()
    callOff = undefined
    const told = waiting
    waiting = []
    for (const end of told) tell(end)
  }

  return {
    take: (ends) => {
      waiting.push(...ends)
      if (waiting.length >= WAITING_MAX) flush()
      else if (waiting.length > 0) callOff ??= schedule(flush, TELL_AFTER_MS)
    },
    flush,
  }
}
