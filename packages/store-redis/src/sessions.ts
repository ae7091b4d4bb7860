import { PAGE_LIMIT_MAX, type Session, type SessionHandle, type SessionStore } from '@pawl/core'
import {
  contentFields,
  decode,
  encode,
  exactText,
  movedText,
  placeOf,
  prevText,
  type RedisRow,
  rowNames,
  rowTimes,
  rowToSession,
  sessionToFields,
} from './rows.ts'
import {
  ADVANCED_AT,
  findScript,
  insertScript,
  listScript,
  rotateScript,
  sweepScript,
  updateScript,
} from './scripts.ts'
import type { Server } from './server.ts'

/** Rows that one run of the sweeper's script looks at: all else waits for it. */
const SWEEP_MAX = 250
const BEFORE_ALL = [String(Number.MIN_SAFE_INTEGER), ''] as const

type SessionMethods = Pick<
  SessionStore,
  'insert' | 'find' | 'rotate' | 'updateClaims' | 'updateData' | 'listByUser' | 'deleteExpired'
>

/** The methods of the port that are about rows. */
export function redisSessions(server: Server): SessionMethods {
  return {
    find: async (key) => {
      const row = await server.run(findScript, [placeOf(key), encode(key.handle)])
      return row === null ? undefined : rowToSession(key, row as RedisRow)
    },
    rotate: async (key, { expected, next, nowMs }) => {
      const times = [String(next.curMintedAtMs), movedText(next), String(nowMs)]
      const change = [expected, next.curHash2, ...times, prevText(next)]
      const args = [placeOf(key), encode(key.handle), ...change]
      const row = await server.run(rotateScript, args)
      if (row === null) return undefined
      const session = rowToSession(key, row as RedisRow)
      return { session, advanced: (row as readonly unknown[])[ADVANCED_AT] === 1 }
    },
    insert: async (session, limit) => {
      const bound = [String(limit?.max ?? 0), limit?.policy ?? '']
      const args = [
        ...rowNames(session),
        ...rowTimes(session),
        ...bound,
        ...sessionToFields(session),
      ]
      const reply = await server.run(insertScript, args)
      const [kind, ended] = reply as readonly [string, readonly string[]]
      if (kind !== 'inserted') return { kind: kind as 'duplicate' | 'limit-reached' }
      return { kind, ended: ended.map(decode) as SessionHandle[] }
    },
    updateClaims: async (key, claims) => {
      const content = [contentFields.claims, JSON.stringify(claims)]
      return (await server.run(updateScript, [placeOf(key), encode(key.handle), ...content])) === 1
    },
    updateData: async (key, data) => {
      const content = [contentFields.data, JSON.stringify(data)]
      return (await server.run(updateScript, [placeOf(key), encode(key.handle), ...content])) === 1
    },
    listByUser: async (user, page) => {
      const limit = Math.min(page.limit, PAGE_LIMIT_MAX)
      const asked = [String(page.nowMs), String(limit + 1), ...positionOf(page.after)]
      const args = [placeOf(user), exactText(user.userId), ...asked]
      const reply = (await server.run(listScript, args)) as readonly (string & RedisRow)[]
      const sessions: Session[] = []
      for (let index = 0; index < Math.min(reply.length, 2 * limit); index += 2) {
        const handle = decode(reply[index] ?? '') as SessionHandle
        sessions.push(rowToSession({ ...user, handle }, reply[index + 1] ?? []))
      }
      const last = reply.length > 2 * limit ? sessions.at(-1) : undefined
      return { sessions, next: last === undefined ? null : `${last.createdAtMs}.${last.handle}` }
    },
    deleteExpired: async (nowMs, limit) => {
      let deleted = 0
      while (deleted < limit) {
        const asked = Math.min(limit - deleted, SWEEP_MAX)
        const reply = await server.run(sweepScript, [String(nowMs), String(asked)])
        const [gone, due] = reply as readonly [number, number]
        deleted += gone
        if (due < asked) break
      }
      return deleted
    },
  }
}

/** Where a page begins; at the start if the text is none of ours. */
function positionOf(after: string | null): readonly [string, string] {
  const [, ms = '', handle = ''] = /^(-?\d{1,16})\.(\S+)$/.exec(after ?? '') ?? []
  return handle === '' ? BEFORE_ALL : [ms, encode(handle)]
}
