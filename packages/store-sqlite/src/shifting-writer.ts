import type { WriteAnswer } from './transaction.ts'
import { openWriter, type Writer } from './writer.ts'
import { openWriterThread } from './writer-thread.ts'
import type { WriteRequest } from './writes.ts'

/**
 * When writes are done in a thread of their own: once this thread has spent a good part of its time
 * on them, from the first write on, or never.
 */
export type ThreadUse = 'when-busy' | 'from-start' | 'never'

/** How long this thread's load by writes is watched at a time, in milliseconds. */
const WINDOW_MS = 200
/** The part of a window that, spent on writes, calls for a thread. */
const BUSY_SHARE = 0.2

/** A writer that begins in this thread and moves to another when that pays. */
export function openShiftingWriter(file: string, use: ThreadUse): Writer {
  const inline = openWriter(file)
  let thread: Writer | undefined
  let shift: Promise<void> | undefined
  let windowStartMs = performance.now()
  let busyMs = 0

  const startShift = (): void => {
    shift ??= openWriterThread(file).then(
      (opened) => {
        thread = opened
      },
      // Where threads are forbidden or lack memory, this one goes on doing the work.
      (error) => process.emitWarning(`SQLite writes stay in this thread: ${error}`),
    )
  }

  /** Looks at the load once a window, and shifts if writing took much of it. */
  const watch = (startedMs: number): void => {
    const nowMs = performance.now()
    busyMs += nowMs - startedMs
    if (nowMs - windowStartMs < WINDOW_MS) return
    if (busyMs > BUSY_SHARE * (nowMs - windowStartMs)) startShift()
    windowStartMs = nowMs
    busyMs = 0
  }

  const commitInline = async (
    requests: readonly WriteRequest[],
  ): Promise<readonly WriteAnswer[]> => {
    const startedMs = performance.now()
    const answers = await inline.commit(requests)
    if (use === 'when-busy') watch(startedMs)
    return answers
  }

  if (use === 'from-start') startShift()
  return {
    commit: async (requests) => {
      if (thread === undefined) return commitInline(requests)
      try {
        return await thread.commit(requests)
      } catch (error) {
        // The thread is gone; what was under way is told so, and the rest is done here.
        thread = undefined
        throw error
      }
    },
    close: async () => {
      await shift
      await thread?.close()
      await inline.close()
    },
  }
}
