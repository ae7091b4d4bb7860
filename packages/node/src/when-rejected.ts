/**
 * Hears of it if what a hook or handler returned is a promise, or has a `then` at all, and fails.
 * Whatever else was returned is left alone.
 */
export function whenRejected(returned: unknown, failed: (cause: unknown) => void): void {
  if (isThenable(returned)) Promise.resolve(returned).catch(failed)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isCompound = typeof value === 'object' || typeof value === 'function'
  return isCompound && value !== null && 'then' in value && typeof value.then === 'function'
}
