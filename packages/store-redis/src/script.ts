import { createHash } from 'node:crypto'
import { REVOKED_KEPT_MS } from '@pawl/core'
import type { Effect } from '@pawl/store-kit'
import { rowFields } from './rows.ts'

/** A Lua script: one atomic step of the server. */
export interface Script {
  readonly source: string
  /** SHA-1 of the source, by which Redis knows it. */
  readonly sha: string
  readonly effect: Effect
}

const fieldList = rowFields.map((name) => `'${name}'`).join(',')

/**
 * What scripts have at hand; each gets what it names, for Lua makes functions anew at each call.
 * `KEYS[1]` is the prefix of all keys: `s:` rows, `u:` the handles of a user's sessions that are
 * not revoked by creation time, `c:` cut-offs (before, at, reason), `x` when the sweeper is to look
 * at a row, `k` cut-offs by how far they reach, `n` the number of the log's last entry, `l` the
 * log, `t` its numbers by time, `r:` records, `a` which kinds and apps have any. A place is
 * `app:tenant`. Numbers are doubles, as in JavaScript, and are written by `whole`: Lua's own way
 * would round them. Patterns begin with `^`: one that may begin anywhere is tried everywhere.
 */
const functions = {
  whole: `
local function whole(number) return string.format('%.0f', number) end`,
  read: `
local function read(place, handle)
  return redis.call('HMGET', P..'s:'..place..':'..handle, ${fieldList})
end`,
  constants: `
local function constants(s)
  local created, idle, absolute = string.match(s[3], '^(%S+) (%S+) (%S+)')
  return tonumber(created), tonumber(idle), tonumber(absolute)
end
local function idle_expiry(s)
  return tonumber(string.match(s[2], '^%S+ %S+ %S+ (%S+)'))
end`,
  ending: `
local function ending(place, s)
  if s[8] then return s[8] end
  local cuts = redis.call('MGET', P..'c:'..place..':'..s[4], P..'c:'..place)
  for index = 1, 2 do
    if cuts[index] then
      local before, rest = string.match(cuts[index], '^(%S+) (.*)$')
      if constants(s) <= tonumber(before) then return rest end
    end
  end
  return false
end`,
  reach_over: `
local function reach_over(place, user, created)
  local cuts, reach = redis.call('MGET', P..'c:'..place..':'..user, P..'c:'..place), false
  for index = 1, 2 do
    local before = cuts[index] and tonumber(string.match(cuts[index], '^%S+'))
    if before and created <= before and before > (reach or -math.huge) then reach = before end
  end
  return reach
end`,
  is_over: `
local function is_over(s, now)
  local _, idle, absolute = constants(s)
  return now >= absolute or now > idle_expiry(s) + idle
end`,
  log: `
local function log(at, ...)
  local number = whole(redis.call('INCR', P..'n'))
  redis.call('XADD', P..'l', number..'-0', 'm', at, ...)
  redis.call('ZADD', P..'t', at, number)
end`,
  revoke: `
local function revoke(place, handle, user, at, reason)
  redis.call('HSET', P..'s:'..place..':'..handle, 'e', at..' '..reason)
  redis.call('ZREM', P..'u:'..place..':'..user, handle)
  redis.call('ZADD', P..'x', 'LT', whole(tonumber(at) + ${REVOKED_KEPT_MS + 1}), place..':'..handle)
  log(at, 'k', 'session', 'a', place, 'u', user, 'h', handle, 'r', reason)
end`,
  add: `
local function add(place, handle, user, created, sweep, drop, revoked, first)
  local key = P..'s:'..place..':'..handle
  redis.call('HSET', key, unpack(ARGV, first))
  redis.call('ZADD', P..'x', sweep, place..':'..handle)
  local of_user = P..'u:'..place..':'..user
  if revoked == '0' then redis.call('ZADD', of_user, created, handle)
  else redis.call('ZREM', of_user, handle) end
  if tonumber(drop) > tonumber(redis.call('TIME')[1]) * 1000 then
    redis.call('PEXPIREAT', key, drop)
  end
end`,
  lift: `
local function lift(place, user, before, at, reason)
  local scope = user and place..':'..user or place
  local known = string.match(redis.call('GET', P..'c:'..scope) or '', '^%S+')
  if not known or tonumber(before) > tonumber(known) then
    redis.call('SET', P..'c:'..scope, before..' '..at..' '..reason)
    redis.call('ZADD', P..'k', before, scope)
  end
end`,
  raise: `
local function raise(place, user, before, at, reason)
  lift(place, user, before, at, reason)
  log(at, 'k', user and 'user' or 'tenant', 'a', place, 'u', user or '', 'b', before, 'r', reason)
end`,
  live_handles: `
local function live_handles(place, user, now)
  local key, live = P..'u:'..place..':'..user, {}
  for _, handle in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    local s = read(place, handle)
    if not s[1] then redis.call('ZREM', key, handle)
    elseif not is_over(s, now) and not ending(place, s) then live[#live + 1] = handle end
  end
  return live
end`,
  follows: `
local function follows(a, b)
  for index = 1, math.min(#a, #b) do
    local x, y = string.byte(a, index), string.byte(b, index)
    if x ~= y then return x > y end
  end
  return #a > #b
end`,
  page_after: `
local function page_after(key, score, member, most)
  local low, high = 0, redis.call('ZCARD', key)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local found = redis.call('ZRANGE', key, middle, middle, 'WITHSCORES')
    local place = tonumber(found[2])
    if place > score or (place == score and follows(found[1], member)) then high = middle
    else low = middle + 1 end
  end
  return redis.call('ZRANGE', key, low, low + most - 1, 'WITHSCORES')
end`,
} as const

/** A script that uses the functions whose names are in it, and what those use. */
export function script(effect: Effect, body: string): Script {
  const chosen: string[] = []
  let text = body
  // From the last to the first: a function uses only what stands before it.
  for (const [name, source] of Object.entries(functions).reverse()) {
    const names = name === 'constants' ? /\b(constants|idle_expiry)\(/ : new RegExp(`\\b${name}\\(`)
    if (!names.test(text)) continue
    chosen.unshift(source)
    text = source + text
  }
  const source = `local P = KEYS[1]${chosen.join('')}${body}`
  const sha = createHash('sha1').update(source).digest('hex')
  return { source, sha, effect }
}
