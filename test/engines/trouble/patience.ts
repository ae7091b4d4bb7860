import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { isStoreError, type StoreErrorKind } from '@pawl/core'

const RETRY_MS = 20

/**
 * Fails unless the call is refused with a `StoreError` of one of the kinds; returns its message.
 */
export async function refused(call: Promise<unknown>, ...kinds: StoreErrorKind[]): Promise<string> {
  const error = await call.then(
    () => assert.fail('it was answered'),
    (cause: unknown) => cause,
  )
  assert.ok(isStoreError(error), String(error))
  assert.ok(kinds.includes(error.kind), `${error.kind}: ${error.message}`)
  return error.message
}

/** The first answer of a call that is refused for a while. */
export async function eventually<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      assert.ok(isStoreError(error), String(error))
      await pause(RETRY_MS)
    }
  }
}
