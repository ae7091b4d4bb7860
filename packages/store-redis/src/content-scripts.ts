import { script } from './script.ts'

/**
 * after: score and member, how many → members and scores of the page, and their rows. Where a row
 * is not there any more, its fields are none.
 */
export const walkSessionsScript = script(
  'none',
  `
local page, rows = page_after(P..'x', tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])), {}
for index = 1, #page, 2 do
  local place, handle = string.match(page[index], '^([^:]*:[^:]*):(.*)$')
  rows[#rows + 1] = read(place, handle)
end
return {page, rows}`,
)

/** after: score and member, how many → scopes and scores of the page, and the cut-offs. */
export const walkCutOffsScript = script(
  'none',
  `
local page, cuts = page_after(P..'k', tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])), {}
for index = 1, #page, 2 do
  cuts[#cuts + 1] = redis.call('GET', P..'c:'..page[index]) or ''
end
return {page, cuts}`,
)

/**
 * after: score and member, how many, settled → scopes and scores of the page, and how many went.
 * What a user's cut-off covers is among the sessions of theirs that are not revoked.
 */
export const sweepCutOffsScript = script(
  'once',
  `
local page, gone = page_after(P..'k', tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])), 0
local settled = tonumber(ARGV[4])
for index = 1, #page, 2 do
  local scope = page[index]
  local before, at = string.match(redis.call('GET', P..'c:'..scope) or '', '^(%S+) (%S+)')
  if not before then redis.call('ZREM', P..'k', scope)
  elseif string.match(scope, '^[^:]*:[^:]*:') and tonumber(before) < settled
    and tonumber(at) < settled and redis.call('ZCOUNT', P..'u:'..scope, '-inf', before) == 0 then
    redis.call('DEL', P..'c:'..scope)
    redis.call('ZREM', P..'k', scope)
    gone = gone + 1
  end
end
return {page, gone}`,
)

/**
 * place, handle, user, created, sweep, when Redis may drop it, whether it is revoked, generation,
 * confirmed, idle expiry, fields… → 1 if the row was added or replaced.
 */
export const putSessionScript = script(
  'repeatable',
  `
local place, handle = ARGV[1], ARGV[2]
local s = read(place, handle)
if s[8] then return 0 end
if s[1] and ARGV[7] == '0' then
  local generation, confirmed, idle = string.match(s[2], '^(%S+) %S+ (%S+) (%S+)')
  local distance = tonumber(ARGV[8]) - tonumber(generation)
  if distance == 0 then distance = tonumber(ARGV[9]) - tonumber(confirmed) end
  if distance == 0 then distance = tonumber(ARGV[10]) - tonumber(idle) end
  if distance < 0 then return 0 end
  local known, is_new = redis.call('HGETALL', P..'s:'..place..':'..handle), {}
  for index = 11, #ARGV, 2 do is_new[ARGV[index]] = ARGV[index + 1] end
  for index = 1, #known, 2 do
    if is_new[known[index]] == known[index + 1] then is_new[known[index]] = nil end
  end
  if next(is_new) == nil then return 0 end
end
add(place, handle, ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], 11)
return 1`,
)

/** place, whether it is a user's, user, before, at, reason. */
export const putCutOffScript = script(
  'repeatable',
  `
lift(ARGV[1], ARGV[2] == '1' and ARGV[3], ARGV[4], ARGV[5], ARGV[6])
return 1`,
)

/** kind:app, id, version, value. */
export const putRecordScript = script(
  'repeatable',
  `
redis.call('HSET', P..'r:'..ARGV[1], ARGV[2], ARGV[3]..'\\n'..ARGV[4])
redis.call('SADD', P..'a', ARGV[1])
return 1`,
)

/** Seven words an entry: at, kind, place, user, `h` or `b`, handle or before, reason. */
export const putEntriesScript = script(
  'repeatable',
  `
for index = 1, #ARGV, 7 do
  local at, kind, place, user, name, value, reason = unpack(ARGV, index, index + 6)
  log(at, 'k', kind, 'a', place, 'u', user, name, value, 'r', reason)
end
return 1`,
)
