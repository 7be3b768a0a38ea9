/** The scripts that run inside of Redis, each atomic. The only clock is that of Redis. */
import { LUA_GRANT } from './gcra.ts'

const LUA_NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
`

/** After this time without a call, a process no longer counts. */
export const LIVE_US = 2_500_000

/** Pauses are announced to processes that look within this time. */
const ANNOUNCED_US = 300_000_000
const MOST_ANNOUNCED = 10_000

/** Limits that were set for a name are kept for so long after it was last used. */
const LIMITS_KEPT_MS = 30 * 86_400_000

/** KEYS[1]: the processes. ARGV[1]: the own id. */
const LUA_COUNT = `
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - ${LIVE_US}))
redis.call('PEXPIRE', KEYS[1], ${LIVE_US / 1_000})
local processes = redis.call('ZCARD', KEYS[1])
`

/**
 * Leases slots, and counts the living processes.
 *
 * KEYS: the processes, the limits of the name, then one per rate. ARGV: the own id, the revision of the limits that the
 * process knows, the slots asked for, the horizon, then the spacing and the burst of each rate. A rate is a hash: t, its
 * theoretical arrival time, s, the spacing that t was charged with, and c, its cooldown. It expires when it would be like a
 * new one.
 *
 * Returns slots, now, start, spacing, blockedBy, processes, the revision that Redis has. Numbers are text, because Redis cuts fractions off. Without
 * the newest limits nothing is granted: -1 and now, and the process has to look.
 */
export const LEASE = `${LUA_GRANT}${LUA_NOW}${LUA_COUNT}
local rev = redis.call('HGET', KEYS[2], 'rev') or '0'
if tonumber(rev) > tonumber(ARGV[2]) then
  return { '-1', string.format('%.0f', now) }
end
local rates = {}
for index = 3, #KEYS do
  local known = redis.call('HMGET', KEYS[index], 't', 's', 'c')
  rates[index - 2] = {
    tat = tonumber(known[1] or 0), charged = tonumber(known[2] or 0), cooldown = tonumber(known[3] or 0),
    spacing = tonumber(ARGV[2 * index - 1]), burst = tonumber(ARGV[2 * index]),
  }
end
local slots, start, spacing, blockedBy = grant(now, tonumber(ARGV[4]), tonumber(ARGV[3]), rates)
if slots > 0 then
  for index, rate in ipairs(rates) do
    if rate.spacing > 0 then
      local key = KEYS[index + 2]
      redis.call('HSET', key, 't', string.format('%.0f', rate.tat), 's', string.format('%.17g', rate.spacing))
      local full = math.max(rate.tat + rate.burst * rate.spacing, rate.cooldown)
      redis.call('PEXPIRE', key, string.format('%.0f', math.ceil((full - now) / 1000) + 1000))
    end
  end
end
return {
  string.format('%d', slots), string.format('%.0f', now), string.format('%.17g', start),
  string.format('%.17g', spacing), string.format('%d', blockedBy), string.format('%d', processes), rev,
}
`

/**
 * Counts the living processes, and says what is new.
 *
 * KEYS: the processes, the limits of the name, the announced pauses. ARGV: the own id, the revision of the limits that the
 * process knows, and the time of its last look, in microseconds.
 *
 * Returns now, processes, the revision of the limits (0 without any), the limits if they are newer, otherwise '', and the
 * pauses that were announced since: the time at which each ends, a space and its lane.
 */
export const LOOK = `${LUA_NOW}${LUA_COUNT}
local limits = redis.call('HMGET', KEYS[2], 'rev', 'json')
local rev = limits[1] or '0'
redis.call('PEXPIRE', KEYS[2], ${LIMITS_KEPT_MS})
local said = { string.format('%.0f', now), string.format('%d', processes), rev, '' }
if tonumber(rev) > tonumber(ARGV[2]) then said[4] = limits[2] end
for _, pause in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], ARGV[3], '+inf')) do said[#said + 1] = pause end
return said
`

/**
 * KEYS: a rate, and the announced pauses. ARGV: how long no slot is granted, in microseconds, and the lane. Never shortens
 * a cooldown.
 */
export const COOL_DOWN = `${LUA_NOW}
local untilUs = now + tonumber(ARGV[1])
if untilUs > tonumber(redis.call('HGET', KEYS[1], 'c') or 0) then
  local text = string.format('%.0f', untilUs)
  redis.call('HSET', KEYS[1], 'c', text)
  local left = redis.call('PTTL', KEYS[1])
  local needed = math.ceil(tonumber(ARGV[1]) / 1000) + 1000
  if left < needed then redis.call('PEXPIRE', KEYS[1], needed) end
  redis.call('ZADD', KEYS[2], string.format('%.0f', now), text .. ' ' .. ARGV[2])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('(%.0f', now - ${ANNOUNCED_US}))
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -${MOST_ANNOUNCED + 1})
  redis.call('PEXPIRE', KEYS[2], ${ANNOUNCED_US / 1_000})
end
return 1
`

/** KEYS: the processes. ARGV: the own id. */
export const LEAVE = `return redis.call('ZREM', KEYS[1], ARGV[1])`

/**
 * KEYS: the limits of a name. ARGV: the revision that the new limits were made from, the limits as JSON, and a revision
 * that must be exceeded. Returns the new revision; '0' if somebody else has changed them since.
 *
 * A revision is the time of Redis, so that it grows even after Redis has lost all of its data.
 */
export const CHANGE_LIMITS = `${LUA_NOW}
local rev = tonumber(redis.call('HGET', KEYS[1], 'rev') or 0)
if rev ~= tonumber(ARGV[1]) then return '0' end
local text = string.format('%.0f', math.max(now, rev + 1, tonumber(ARGV[3]) + 1))
redis.call('HSET', KEYS[1], 'rev', text, 'json', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ${LIMITS_KEPT_MS})
return text
`

/** KEYS: the limits of a name. ARGV: a revision and its limits. Puts back what Redis has lost; newer limits stay. */
export const RESTORE_LIMITS = `
if tonumber(redis.call('HGET', KEYS[1], 'rev') or 0) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'rev', ARGV[1], 'json', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ${LIMITS_KEPT_MS})
return 1
`
