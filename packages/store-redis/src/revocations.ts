import type { SessionHandle } from '@pawl/core'
import {
  exactText,
  pageSize,
  type RevocationMethods,
  readNumberCursor,
  sweepInRounds,
} from '@pawl/store-kit'
import { decode, encode, fieldsToEntry, placeOf } from './rows.ts'
import { logScript, raiseScript, revokeScript, revokeUserScript, trimScript } from './scripts.ts'
import type { Server } from './server.ts'

/** Entries that one run of the trimming script deletes. */
const TRIM_MAX = 500

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
      const page = [readNumberCursor(cursor), pageSize(limit)].map(String)
      const reply = await server.run(logScript, page)
      const [began, found] = reply as unknown as LogReply
      const entries = found.map(([, fields]) => fieldsToEntry(fields))
      return { entries, cursor: found.at(-1)?.[0].split('-')[0] ?? began }
    },
    revocationsEnd: async () => {
      const number = await server.send('none', ['GET', `${server.prefix}n`])
      return typeof number === 'string' ? number : '0'
    },
    trimRevocations: (beforeMs, limit) =>
      sweepInRounds(limit, TRIM_MAX, async (asked) => {
        const gone = Number(await server.run(trimScript, [String(beforeMs), String(asked)]))
        return { looked: gone, gone }
      }),
  }
}

/** Where the page began, and entries as a stream gives them: number, fields. */
type LogReply = readonly [string, readonly (readonly [string, readonly string[]])[]]
