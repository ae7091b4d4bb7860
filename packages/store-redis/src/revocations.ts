import { PAGE_LIMIT_MAX, type SessionHandle, type SessionStore } from '@pawl/core'
import { decode, encode, exactText, fieldsToEntry, placeOf } from './rows.ts'
import { logScript, raiseScript, revokeScript, revokeUserScript, trimScript } from './scripts.ts'
import type { Server } from './server.ts'

/** Entries that one run of the trimming script deletes. */
const TRIM_MAX = 500

type RevocationMethods = Pick<
  SessionStore,
  | 'revoke'
  | 'revokeByUser'
  | 'revokeBefore'
  | 'revocationsAfter'
  | 'revocationsEnd'
  | 'trimRevocations'
>

/** The methods of the port that end sessions, and the log of it. */
export function redisRevocations(server: Server): RevocationMethods {
  return {
    revoke: async (key, { reason, nowMs, judged }) => {
      const end = [String(nowMs), reason, judged ?? '']
      return (await server.run(revokeScript, [placeOf(key), encode(key.handle), ...end])) === 1
    },
    revokeByUser: async (user, { reason, nowMs, except }) => {
      const end = [String(nowMs), reason, except === null ? '' : encode(except)]
      const args = [placeOf(user), exactText(user.userId), ...end]
      const handles = (await server.run(revokeUserScript, args)) as readonly string[]
      return handles.map(decode) as SessionHandle[]
    },
    revokeBefore: async (scope, { beforeMs, nowMs, reason }) => {
      const user = scope.userId === null ? ['0', ''] : ['1', exactText(scope.userId)]
      const args = [placeOf(scope), ...user, String(beforeMs), String(nowMs), reason]
      await server.run(raiseScript, args)
    },
    revocationsAfter: async (cursor, limit) => {
      const after = /^\d{1,15}$/.test(cursor ?? '') ? String(cursor) : '0'
      const most = String(Math.min(limit, PAGE_LIMIT_MAX))
      const reply = await server.run(logScript, [after, most])
      const [began, found] = reply as unknown as LogReply
      const entries = found.map(([, fields]) => fieldsToEntry(fields))
      return { entries, cursor: found.at(-1)?.[0].split('-')[0] ?? began }
    },
    revocationsEnd: async () => {
      const number = await server.send('none', ['GET', `${server.prefix}n`])
      return typeof number === 'string' ? number : '0'
    },
    trimRevocations: async (beforeMs, limit) => {
      let trimmed = 0
      while (trimmed < limit) {
        const asked = Math.min(limit - trimmed, TRIM_MAX)
        const gone = Number(await server.run(trimScript, [String(beforeMs), String(asked)]))
        trimmed += gone
        if (gone < asked) break
      }
      return trimmed
    },
  }
}

/** Where the page began, and entries as a stream gives them: number, fields. */
type LogReply = readonly [string, readonly (readonly [string, readonly string[]])[]]
