import { setImmediate as nextTurn } from 'node:timers/promises'

/** Something that is measured in a process of its own. */
export interface Subject {
  /** Makes ready, off the clock, what the next batch uses up. */
  prepare?(): void
  /** Runs some operations on the clock; resolves to how many. */
  batch(): number | Promise<number>
  close(): Promise<void> | void
}

/** Opens a subject in one of its variants. */
export type OpenSubject = (variant: string) => Promise<Subject>

/** What a subject did in one turn. */
export interface Burst {
  readonly operations: number
  readonly wallMs: number
  /** User and system time of its process, all threads. */
  readonly cpuMs: number
}

/** Lets a subject work for about so long; only batches count. */
export async function runBurst(subject: Subject, durationMs: number): Promise<Burst> {
  let operations = 0
  let wallMs = 0
  let cpuMs = 0
  while (wallMs < durationMs) {
    // Timers and sockets get their turn, as in any server.
    await nextTurn()
    subject.prepare?.()
    const cpuBefore = process.cpuUsage()
    const startedMs = performance.now()
    operations += await subject.batch()
    wallMs += performance.now() - startedMs
    const { user, system } = process.cpuUsage(cpuBefore)
    cpuMs += (user + system) / 1000
  }
  return { operations, wallMs, cpuMs }
}

/** Calls `one` so many times from `inFlight` loops. */
export async function runInFlight(
  count: number,
  inFlight: number,
  one: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0
  async function loop(): Promise<void> {
    while (next < count) await one(next++)
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  return count
}
