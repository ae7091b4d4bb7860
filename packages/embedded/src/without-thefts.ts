import { type AppContext, makeCore, type SessionStore, StoreError } from '@pawl/core'
import type { CoreApi } from '@pawl/protocol'

/**
 * The core of a context, to refresh by where not all that was presented can be judged: it grants
 * as any other does, and answers `unavailable` where it would have ended a session.
 */
export function withoutThefts(context: AppContext): Pick<CoreApi, 'refreshSession'> {
  const store: SessionStore = {
    ...context.store,
    revoke: () => {
      throw new StoreError('corrupt', 'a tenant among the tokens presented cannot be read')
    },
  }
  // The settings of a context change while it is used: it is not copied.
  return makeCore(Object.create(context, { store: { value: store } }) as AppContext)
}
