import type { RevocationMethods } from '@pawl/store-kit'
import { coverOf } from './cut-offs.ts'
import { newEntryName } from './log.ts'
import { entryOfCutOff, entryOfSession } from './log-rows.ts'
import { handleIn, scopeText } from './names.ts'
import { isLive } from './rows.ts'
import type { SessionTools } from './sessions.ts'

/** The methods of the port that end sessions, and the log of it. */
export function mongodbRevocations({ db, log, find }: SessionTools): RevocationMethods {
  return {
    revoke: async (key, { reason, nowMs, judged }) => {
      const seen = await find(key)
      if (seen === undefined || seen.session.revokedAtMs !== null) return false
      if (judged !== undefined && judged !== seen.session.curHash2) return false
      const end = { reason, nowMs, ...(judged === undefined ? {} : { judged }) }
      const entry = entryOfSession(seen.document, end, newEntryName())
      return (await log.carryOut([entry])).length > 0
    },
    revokeByUser: async (user, { reason, nowMs, except }) => {
      const live = await db.run('none', async (collections) => {
        const cutOffs = await coverOf(collections, user)
        const filter = { user: scopeText(user), ...isLive(nowMs, cutOffs) }
        return collections.sessions.find(filter).sort({ created: 1, _id: 1 }).toArray()
      })
      const doomed = live.filter(({ _id }) => handleIn(_id) !== except)
      const entries = doomed.map((each) => entryOfSession(each, { reason, nowMs }, newEntryName()))
      if (except === null) {
        entries.push(entryOfCutOff(user, { beforeMs: nowMs, reason, nowMs }, newEntryName()))
      }
      const done = await log.carryOut(entries)
      return done.flatMap(({ session }) => (session === null ? [] : [handleIn(session)]))
    },
    revokeBefore: async (scope, cutOff) => {
      await log.carryOut([entryOfCutOff(scope, cutOff, newEntryName())])
    },
    revocationsAfter: log.readAfter,
    revocationsEnd: async () => String(await log.lastNumber()),
    trimRevocations: log.trim,
  }
}
