import type { SessionStore } from '@pawl/core'

/**
 * The store, with a call of `onLogged` after each write that may have appended to the revocation
 * log: what this process revokes need not wait for the next look at the log.
 */
export function noticingStore(store: SessionStore, onLogged: () => void): SessionStore {
  const noticing = async <T>(work: Promise<T>, hasLogged: (result: T) => boolean): Promise<T> => {
    const result = await work
    if (hasLogged(result)) onLogged()
    return result
  }
  const always = (): boolean => true
  return {
    insert: (session, limit) =>
      noticing(
        store.insert(session, limit),
        (outcome) => outcome.kind === 'inserted' && outcome.ended.length > 0,
      ),
    find: (key) => store.find(key),
    rotate: (key, rotation) => store.rotate(key, rotation),
    updateClaims: (key, claims) => store.updateClaims(key, claims),
    updateData: (key, data) => store.updateData(key, data),
    revoke: (key, revocation) => noticing(store.revoke(key, revocation), (isEnded) => isEnded),
    revokeByUser: (user, revocation) => noticing(store.revokeByUser(user, revocation), always),
    revokeBefore: (scope, cutOff) => noticing(store.revokeBefore(scope, cutOff), always),
    listByUser: (user, page) => store.listByUser(user, page),
    revocationsAfter: (cursor, limit) => store.revocationsAfter(cursor, limit),
    revocationsEnd: () => store.revocationsEnd(),
    deleteExpired: (nowMs, limit) => store.deleteExpired(nowMs, limit),
    trimRevocations: (beforeMs, limit) => store.trimRevocations(beforeMs, limit),
    sweepCutOffs: (request) => store.sweepCutOffs(request),
  }
}
