import type { LockPort } from '@pawl/client'

/** The lock of the Web Locks API: the browser gives it back when its holder dies. */
export function createWebLock(locks: LockManager, name: string): LockPort {
  return {
    hold: async (waitMs, body) => {
      const patience = new AbortController()
      const timer = setTimeout(() => patience.abort(), waitMs)
      try {
        await locks.request(name, { signal: patience.signal }, async () => {
          clearTimeout(timer)
          await body()
        })
        return 'held'
      } catch (error) {
        if (patience.signal.aborted) return 'missed'
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
  }
}
