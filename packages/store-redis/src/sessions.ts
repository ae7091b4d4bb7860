import type { EpochMs, InsertOutcome, Session, SessionHandle } from '@pawl/core'
import {
  BEFORE_ALL,
  exactText,
  pageSize,
  readSessionCursor,
  type SessionMethods,
  sessionPage,
  sweepInRounds,
} from '@pawl/store-kit'
import {
  contentFields,
  decode,
  encode,
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
      return outcomeOf(reply as readonly [string, (string | readonly string[])?])
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
      const size = pageSize(page.limit)
      const [afterMs, handle] = readSessionCursor(page.after) ?? BEFORE_ALL
      const asked = [page.nowMs, size + 1, afterMs].map(String)
      const args = [placeOf(user), exactText(user.userId), ...asked, encode(handle)]
      const reply = (await server.run(listScript, args)) as readonly (string & RedisRow)[]
      const found: Session[] = []
      for (let index = 0; index < reply.length; index += 2) {
        const key = { ...user, handle: decode(reply[index] ?? '') as SessionHandle }
        found.push(rowToSession(key, reply[index + 1] ?? []))
      }
      return sessionPage(found, size)
    },
    deleteExpired: (nowMs, limit) =>
      sweepInRounds(limit, SWEEP_MAX, async (asked) => {
        const reply = await server.run(sweepScript, [String(nowMs), String(asked)])
        const [gone, looked] = reply as readonly [number, number]
        return { looked, gone }
      }),
  }
}

function outcomeOf([kind, about = []]: readonly [
  string,
  (string | readonly string[])?,
]): InsertOutcome {
  if (kind === 'covered') return { kind, beforeMs: Number(about) as EpochMs }
  if (kind !== 'inserted') return { kind: kind as 'duplicate' | 'limit-reached' }
  return { kind, ended: (about as readonly string[]).map(decode) as SessionHandle[] }
}
