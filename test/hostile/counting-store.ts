import type { Store } from '@pawl/core'

/** A store, and how often it was called. */
export interface CountingStore {
  readonly store: Store
  readonly calls: () => number
}

/** What a request may do; the background's own look at keys, log and health does not count. */
const COUNTED: ReadonlySet<string | symbol> = new Set<keyof Store>([
  ...(['insert', 'find', 'rotate', 'updateClaims', 'updateData', 'listByUser'] as const),
  ...(['revoke', 'revokeByUser', 'revokeBefore'] as const),
  ...(['insertRecord', 'replaceRecord', 'deleteRecord'] as const),
])

/** Counts the calls of a store by requests, reads included. */
export function countingStore(inner: Store): CountingStore {
  let calls = 0
  const store = new Proxy(inner, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        if (COUNTED.has(name)) calls += 1
        return Reflect.apply(member, target, args)
      }
    },
  })
  return { store, calls: () => calls }
}
