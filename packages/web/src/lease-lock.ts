import type { LockPort } from '@pawl/client'

/** Longer than a refresh and a sign-out take at the most, with the usual race window. */
const LEASE_MS = 60_000
/** How long a write takes to reach the other tabs, at the most usual. */
const SETTLE_MS = 40
/** How often a waiting tab looks again. */
const POLL_MS = 100

/**
 * A lock in the shared storage for pages without Web Locks (plain HTTP): a lease with a bound, so
 * that a dead tab keeps it for a minute at the most. Less strict than a real lock: a tab that the
 * browser has stopped for longer than its lease does not know that it has lost it.
 */
export function createLeaseLock(
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
  { key, owner }: { readonly key: string; readonly owner: string },
): LockPort {
  const read = () => (storage.getItem(key) ?? '').split(' ')
  const isMine = () => read()[0] === owner
  const isFree = () => {
    const untilMs = Number(read()[1])
    // Also free when its end is further off than any lease: the clock was set back.
    return !(Date.now() < untilMs && untilMs <= Date.now() + LEASE_MS)
  }
  const release = () => {
    if (isMine()) storage.removeItem(key)
  }
  addEventListener('pagehide', release)
  return {
    hold: async (patience, body) => {
      for (;;) {
        if (patience === undefined || isFree()) {
          storage.setItem(key, `${owner} ${Date.now() + LEASE_MS}`)
          // Two may have seen it free: the last one to write has it.
          await pause(SETTLE_MS * (1 + Math.random()))
          if (isMine()) break
        }
        patience?.throwIfAborted()
        await pause(POLL_MS)
      }
      await body()
      release()
    },
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs)
  })
}
