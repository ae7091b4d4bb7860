import { setTimeout as delay } from 'node:timers/promises'
import { isStoreError, type Store, type StoreErrorKind } from '@pawl/core'

/** Trouble that may pass: everything a move does can be done again. */
const PASSING: readonly StoreErrorKind[] = ['unavailable', 'timeout', 'conflict']
const ATTEMPTS_MAX = 6
/** The pause before the second attempt, in milliseconds; twice as long before each further one. */
const PAUSE_FIRST_MS = 250

/** Waits so many milliseconds. */
export type Pause = (ms: number) => Promise<unknown>

/**
 * A store whose walks, look-ups and puts are tried again when it is out of reach for some seconds:
 * an hour's move must not end with a lost connection.
 */
export function patientStore(store: Store, pause: Pause = delay): Store {
  const patient =
    <Args extends readonly unknown[], Answer>(call: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await call(...args)
        } catch (error) {
          const mayPass = isStoreError(error) && PASSING.includes(error.kind)
          if (!mayPass || attempt === ATTEMPTS_MAX) throw error
          await pause(PAUSE_FIRST_MS * 2 ** (attempt - 1))
        }
      }
    }
  return {
    ...store,
    walkSessions: patient(store.walkSessions),
    walkCutOffs: patient(store.walkCutOffs),
    walkRecords: patient(store.walkRecords),
    revocationsAfter: patient(store.revocationsAfter),
    find: patient(store.find),
    findRecord: patient(store.findRecord),
    put: patient(store.put),
  }
}
