/** The scripts that run inside of Redis, each atomic. The only clock is that of Redis. */
import { LUA_GRANT } from './gcra.ts'

const LUA_NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
`

/** After this time without a call, a process no longer counts. */
export const LIVE_US = 2_500_000

/**
 * Leases slots, and counts the living processes.
 *
 * KEYS: the processes, then one per rate. ARGV: the own id, the slots asked for (0: only counts), the horizon, then the
 * spacing and the burst of each rate. A rate is a hash: t, its theoretical arrival time, and c, its cooldown. It expires when it
 * would be like a new one.
 *
 * Returns slots, now, start, spacing, blockedBy, processes. Numbers are text, because Redis cuts fractions off.
 */
export const LEASE = `${LUA_GRANT}${LUA_NOW}
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - ${LIVE_US}))
redis.call('PEXPIRE', KEYS[1], ${LIVE_US / 1_000})
local processes = redis.call('ZCARD', KEYS[1])
local rates = {}
for index = 2, #KEYS do
  local known = redis.call('HMGET', KEYS[index], 't', 'c')
  rates[index - 1] = {
    tat = tonumber(known[1] or 0), cooldown = tonumber(known[2] or 0),
    spacing = tonumber(ARGV[2 * index]), burst = tonumber(ARGV[2 * index + 1]),
  }
end
local slots, start, spacing, blockedBy = grant(now, tonumber(ARGV[3]), tonumber(ARGV[2]), rates)
if slots > 0 then
  for index, rate in ipairs(rates) do
    if rate.spacing > 0 then
      local key = KEYS[index + 1]
      redis.call('HSET', key, 't', string.format('%.0f', rate.tat))
      local full = math.max(rate.tat + rate.burst * rate.spacing, rate.cooldown)
      redis.call('PEXPIRE', key, string.format('%.0f', math.ceil((full - now) / 1000) + 1000))
    end
  end
end
return {
  string.format('%d', slots), string.format('%.0f', now), string.format('%.17g', start),
  string.format('%.17g', spacing), string.format('%d', blockedBy), string.format('%d', processes),
}
`

/** KEYS: a rate. ARGV: how long no slot is granted, in microseconds. Never shortens a cooldown. */
export const COOL_DOWN = `${LUA_NOW}
local untilUs = now + tonumber(ARGV[1])
if untilUs > tonumber(redis.call('HGET', KEYS[1], 'c') or 0) then
  redis.call('HSET', KEYS[1], 'c', string.format('%.0f', untilUs))
  local left = redis.call('PTTL', KEYS[1])
  local needed = math.ceil(tonumber(ARGV[1]) / 1000) + 1000
  if left < needed then redis.call('PEXPIRE', KEYS[1], needed) end
end
return 1
`

/** KEYS: the processes. ARGV: the own id. */
export const LEAVE = `return redis.call('ZREM', KEYS[1], ARGV[1])`
