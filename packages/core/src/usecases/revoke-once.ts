import type { SessionKey } from '../domain/session.ts'
import type { Revocation } from '../ports/session-store.ts'
import { isStoreError } from '../ports/store-error.ts'
import type { AppContext } from './deps.ts'

/**
 * Ends a session; `tell` is called if this call ended it, which is then answered with true. Where
 * the answer of the store is lost, the error is the caller's, and `tell` is called later, if it was
 * this call: an end that happened is told of at least once, as long as this process lives.
 */
export async function revokeOnce(
  context: AppContext,
  { app, tenant, handle }: SessionKey,
  { tell, ...revocation }: Revocation & { readonly tell: () => void },
): Promise<boolean> {
  const key = { app, tenant, handle }
  try {
    if (!(await context.store.revoke(key, revocation))) return false
  } catch (error) {
    if (isStoreError(error) && error.kind === 'timeout') {
      context.later(`the end of the session ${handle}`, async () => {
        if (await wasRevoked(context, key, revocation)) tell()
      })
    }
    throw error
  }
  tell()
  return true
}

/** Does again what may have been done; whether it has been, now or then. */
async function wasRevoked(
  { store }: AppContext,
  key: SessionKey,
  revocation: Revocation,
): Promise<boolean> {
  if (await store.revoke(key, revocation)) return true
  const session = await store.find(key)
  return session?.revokedAtMs === revocation.nowMs && session.endReason === revocation.reason
}
