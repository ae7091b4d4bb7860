import { REVOKED_KEPT_MS } from '@pawl/core'
import { rowFields } from './rows.ts'
import { script } from './script.ts'

/** place, handle → the row, its end folded in. */
export const findScript = script(
  'none',
  `
local s = read(ARGV[1], ARGV[2])
if not s[1] then return false end
s[8] = ending(ARGV[1], s)
return s`,
)

/** Where the answer of {@link rotateScript} says whether the row advanced: after the fields. */
export const ADVANCED_AT = rowFields.length

/**
 * place, handle, expected, next hash, minted, `m`, now, `q` → the row and whether it advanced.
 * Repeated after a lost answer it finds the condition gone and returns the row as it made it, which
 * the rule takes for what it is: the token that was presented is the current one.
 */
export const rotateScript = script(
  'repeatable',
  `
local place, handle, minted, now = ARGV[1], ARGV[2], tonumber(ARGV[5]), tonumber(ARGV[7])
local s = read(place, handle)
if not s[1] then return false end
s[8], s[10] = ending(place, s), 0
local _, idle, absolute = constants(s)
local known = idle_expiry(s)
if s[8] or s[1] ~= ARGV[3] or now >= absolute or now > math.max(known, minted + idle) then
  return s
end
local expiry = math.min(now + idle, absolute)
s[1], s[2], s[9], s[10] = ARGV[4], ARGV[6]..' '..whole(expiry), ARGV[8], 1
redis.call('HSET', P..'s:'..place..':'..handle, 'c', s[1], 'm', s[2], 'q', s[9])
if expiry < known then
  redis.call('ZADD', P..'x', 'LT', whole(expiry + idle + 1), place..':'..handle)
end
return s`,
)

/**
 * place, handle, user, created, sweep, when Redis may drop it, whether it is revoked, max or 0,
 * policy, fields… → the outcome, and the handles that were ended or how far the cut-off reaches.
 */
export const insertScript = script(
  'once',
  `
local place, handle, user, created = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key, max, ended = P..'s:'..place..':'..handle, tonumber(ARGV[8]), {}
if redis.call('EXISTS', key) == 1 then return {'duplicate'} end
local reach = reach_over(place, user, tonumber(created))
if reach then return {'covered', whole(reach)} end
if max > 0 then
  local live = live_handles(place, user, tonumber(created))
  local excess = #live - max + 1
  if excess > 0 and ARGV[9] == 'refuse' then return {'limit-reached'} end
  for index = 1, excess do
    ended[index] = live[index]
    revoke(place, live[index], user, created, 'limit')
  end
end
add(place, handle, user, created, ARGV[5], ARGV[6], ARGV[7], 10)
return {'inserted', ended}`,
)

/** place, handle, field, JSON → 1 if it was replaced. */
export const updateScript = script(
  'once',
  `
local s = read(ARGV[1], ARGV[2])
if not s[1] or ending(ARGV[1], s) then return 0 end
redis.call('HSET', P..'s:'..ARGV[1]..':'..ARGV[2], ARGV[3], ARGV[4])
return 1`,
)

/** place, handle, at, reason, judged hash or nothing → 1 if it was ended. */
export const revokeScript = script(
  'once',
  `
local s = read(ARGV[1], ARGV[2])
if not s[1] or ending(ARGV[1], s) then return 0 end
if ARGV[5] ~= '' and ARGV[5] ~= s[1] then return 0 end
revoke(ARGV[1], ARGV[2], s[4], ARGV[3], ARGV[4])
return 1`,
)

/** place, user, at, reason, spared handle or nothing → the handles that were ended. */
export const revokeUserScript = script(
  'once',
  `
local place, user, at, reason, ended = ARGV[1], ARGV[2], ARGV[3], ARGV[4], {}
for _, handle in ipairs(live_handles(place, user, tonumber(at))) do
  if handle ~= ARGV[5] then
    revoke(place, handle, user, at, reason)
    ended[#ended + 1] = handle
  end
end
if ARGV[5] == '' then raise(place, user, at, at, reason) end
return ended`,
)

/** place, whether it is a user's, user, before, at, reason. */
export const raiseScript = script(
  'once',
  `
raise(ARGV[1], ARGV[2] == '1' and ARGV[3], ARGV[4], ARGV[5], ARGV[6])
return 1`,
)

/**
 * place, user, now, how many, after: created and handle → handle, row, handle, row… Compares bytes:
 * Lua's own comparison of strings follows the server's locale.
 */
export const listScript = script(
  'none',
  `
local place, user, now, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local key, offset, found = P..'u:'..place..':'..user, 0, {}
while #found < 2 * most do
  local page = redis.call('ZRANGEBYSCORE', key, ARGV[5], '+inf', 'WITHSCORES', 'LIMIT', offset, 100)
  if #page == 0 then break end
  for index = 1, #page, 2 do
    local handle = page[index]
    local score = tonumber(page[index + 1])
    local is_after = score > tonumber(ARGV[5]) or follows(handle, ARGV[6])
    local s = is_after and #found < 2 * most and read(place, handle)
    if s and s[1] and not is_over(s, now) and not ending(place, s) then
      found[#found + 1] = handle
      found[#found + 1] = s
    end
  end
  offset = offset + 100
end
return found`,
)

/** now, how many → how many rows went, and how many were looked at. */
export const sweepScript = script(
  'once',
  `
local now, gone = tonumber(ARGV[1]), 0
local due = redis.call('ZRANGEBYSCORE', P..'x', '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, member in ipairs(due) do
  local place, handle = string.match(member, '^([^:]*:[^:]*):(.*)$')
  local s = read(place, handle)
  if not s[1] then redis.call('ZREM', P..'x', member)
  else
    local news = s[8] and tonumber(string.match(s[8], '^%S+')) + ${REVOKED_KEPT_MS + 1}
    if is_over(s, now) or (news and news <= now) then
      redis.call('DEL', P..'s:'..member)
      redis.call('ZREM', P..'x', member)
      redis.call('ZREM', P..'u:'..place..':'..s[4], handle)
      gone = gone + 1
    else
      local _, idle, absolute = constants(s)
      local sweep = math.min(absolute, idle_expiry(s) + idle + 1, news or absolute)
      redis.call('ZADD', P..'x', whole(sweep), member)
    end
  end
end
return {gone, #due}`,
)

/** after, how many → where it began, and the entries, as a stream gives them. */
export const logScript = script(
  'none',
  `
local after = tonumber(ARGV[1])
if after > tonumber(redis.call('GET', P..'n') or '0') then after = 0 end
local first = '('..whole(after)..'-0'
return {whole(after), redis.call('XRANGE', P..'l', first, '+', 'COUNT', ARGV[2])}`,
)

/**
 * before, how many → how many entries were deleted. By number, unless so many are due that looking
 * for the lowest numbers would hold the server up.
 */
export const trimScript = script(
  'once',
  `
local most = tonumber(ARGV[2])
local is_short = redis.call('ZCOUNT', P..'t', '-inf', '('..ARGV[1]) <= 5000
local due = redis.call('ZRANGEBYSCORE', P..'t', '-inf', '('..ARGV[1], 'LIMIT', 0,
  is_short and 5000 or most)
table.sort(due, function(a, b) return tonumber(a) < tonumber(b) end)
most = math.min(most, #due)
for index = 1, most do
  redis.call('XDEL', P..'l', due[index]..'-0')
  redis.call('ZREM', P..'t', due[index])
end
return most`,
)

/** kind:app, id, value → 1 if it was added. */
export const insertRecordScript = script(
  'once',
  `
if redis.call('HSETNX', P..'r:'..ARGV[1], ARGV[2], '1\\n'..ARGV[3]) == 0 then return 0 end
redis.call('SADD', P..'a', ARGV[1])
return 1`,
)

/** kind:app, id, expected version, value → 1 if it was replaced. */
export const replaceRecordScript = script(
  'once',
  `
local key = P..'r:'..ARGV[1]
local version = string.match(redis.call('HGET', key, ARGV[2]) or '', '^%d+')
if version ~= ARGV[3] then return 0 end
redis.call('HSET', key, ARGV[2], whole(tonumber(version) + 1)..'\\n'..ARGV[4])
return 1`,
)
