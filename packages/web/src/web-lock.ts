import type { LockPort } from '@pawl/client'

/** The lock of the Web Locks API: the browser gives it back when its holder dies. */
export function createWebLock(locks: LockManager, name: string): LockPort {
  return {
    hold: (signal, body) => locks.request(name, signal ? { signal } : { steal: true }, body),
  }
}
