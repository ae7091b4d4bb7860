import { type Store, StoreError } from '@pawl/core'
import { memoryContent } from './memory/content.ts'
import { memoryRecords } from './memory/records.ts'
import { memoryRevocations } from './memory/revocations.ts'
import { memorySessions } from './memory/sessions.ts'
import { newMemoryState } from './memory/state.ts'

/**
 * The reference store: the contract in plain data, each method one synchronous step, so that
 * nothing can come between. For tests and simulations, and as the model that every other store is
 * compared with. Holds everything in this process; nothing survives `close`.
 */
export function memoryStore(): Store {
  const state = newMemoryState()
  let isClosed = false
  const methods = {
    ...memorySessions(state),
    ...memoryRevocations(state),
    ...memoryRecords(state),
    ...memoryContent(state),
    clockMs: () => null,
    migrate: () => {},
    ping: () => {},
  }
  /** Makes a synchronous step a method of the port: a promise, refused once closed. */
  const step =
    <Args extends readonly unknown[], Answer>(run: (...args: Args) => Answer) =>
    async (...args: Args): Promise<Answer> => {
      if (isClosed) throw new StoreError('closed', 'the memory store is closed')
      return run(...args)
    }
  return {
    engine: 'memory',
    isEmbedded: true,
    insert: step(methods.insert),
    find: step(methods.find),
    rotate: step(methods.rotate),
    updateClaims: step(methods.updateClaims),
    updateData: step(methods.updateData),
    revoke: step(methods.revoke),
    revokeByUser: step(methods.revokeByUser),
    revokeBefore: step(methods.revokeBefore),
    listByUser: step(methods.listByUser),
    revocationsAfter: step(methods.revocationsAfter),
    revocationsEnd: step(methods.revocationsEnd),
    deleteExpired: step(methods.deleteExpired),
    trimRevocations: step(methods.trimRevocations),
    sweepCutOffs: step(methods.sweepCutOffs),
    findRecord: step(methods.findRecord),
    listRecords: step(methods.listRecords),
    insertRecord: step(methods.insertRecord),
    replaceRecord: step(methods.replaceRecord),
    deleteRecord: step(methods.deleteRecord),
    walkSessions: step(methods.walkSessions),
    walkCutOffs: step(methods.walkCutOffs),
    walkRecords: step(methods.walkRecords),
    put: step(methods.put),
    clockMs: step(methods.clockMs),
    migrate: step(methods.migrate),
    ping: step(methods.ping),
    close: async () => {
      isClosed = true
    },
  }
}
