import type { LockPort } from '@pawl/client'

/** How long a write takes to reach the other tabs, at the most usual. */
const SETTLE_MS = 40
/** How often a waiting tab looks again. */
const POLL_MS = 100

/**
 * A lock in the shared storage for pages without Web Locks (plain HTTP): a lease with a bound, so
 * that a dead tab keeps it for `leaseMs` at the most. Less strict than a real lock: a tab that the
 * browser has stopped for longer than its lease does not know that it has lost it.
 */
export function createLeaseLock(
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
  {
    key,
    owner,
    leaseMs,
  }: { readonly key: string; readonly owner: string; readonly leaseMs: number },
): LockPort {
  const isMine = () => storage.getItem(key)?.startsWith(`${owner} `) === true
  const isFree = () => {
    const untilMs = Number(storage.getItem(key)?.split(' ')[1] ?? 0)
    // Also free when its end is further off than any lease: the clock was set back.
    return !(Date.now() < untilMs && untilMs <= Date.now() + leaseMs)
  }
  return {
    hold: async (patience, body) => {
      for (;;) {
        if (patience === undefined || isFree()) {
          storage.setItem(key, `${owner} ${Date.now() + leaseMs}`)
          // Two may have seen it free: the last one to write has it.
          await pause(SETTLE_MS * (1 + Math.random()))
          if (isMine()) break
        }
        patience?.throwIfAborted()
        await pause(POLL_MS)
      }
      const release = () => {
        if (isMine()) storage.removeItem(key)
      }
      addEventListener('pagehide', release)
      try {
        await body()
      } finally {
        removeEventListener('pagehide', release)
        release()
      }
    },
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs)
  })
}
