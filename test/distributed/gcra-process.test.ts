/** Redis computes what the TypeScript arithmetic computes, to the last bit. */
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { LUA_GRANT } from '../../src/distributed/limits/gcra.ts'
import { COOL_DOWN, LEASE } from '../../src/distributed/limits/script.ts'
import { fc } from '../support/property.ts'
import { grantsOf, trace } from './traces.ts'
import type { Trace } from './traces.ts'
import { NO_REDIS, redisServer } from './redis.ts'

/** Plays a trace with the pure function of the script; the time is that of the trace. */
const PLAY = `${LUA_GRANT}
local trace = cjson.decode(ARGV[1])
local states, at, said = {}, trace.start, {}
for place, rate in ipairs(trace.rates) do
  states[place] = { spacing = rate.spacing, burst = rate.burst, tat = 0, charged = 0, cooldown = 0 }
end
for index, step in ipairs(trace.steps) do
  at = at + step.passed
  local asks = {}
  for nth, place in ipairs(step.of) do
    asks[nth] = states[place + 1]
    asks[nth].spacing = trace.rates[place + 1].spacing * step.factor
  end
  if step.cool > 0 then asks[1].cooldown = math.max(asks[1].cooldown, at + step.cool) end
  local slots, start, spacing, blockedBy = grant(at, trace.horizon, step.asked, asks)
  said[index] = string.format('%.17g %.17g %.17g %.17g', slots, start, spacing, blockedBy)
end
return said
`

/** The scripts that are used, with the time of the trace instead of that of Redis. */
const atGivenTime = (script: string): string => {
  const timed = script.replace("redis.call('TIME')", '{ ARGV[#ARGV - 1], ARGV[#ARGV] }')
  expect(timed).not.toBe(script)
  return timed
}

type Answer = readonly number[]

/** Plays a trace with the scripts, which keep the state of each rate in Redis between two steps. */
async function playScripts(redis: Redis, { start, horizon, rates, steps }: Trace): Promise<Answer[]> {
  const [lease, coolDown] = [atGivenTime(LEASE), atGivenTime(COOL_DOWN)]
  await redis.flushall()
  const pipeline = redis.pipeline()
  const isLease: boolean[] = []
  let at = start
  for (const { passed, asked, of, cool, factor } of steps) {
    at += passed
    const time = [Math.floor(at / 1_000_000), at % 1_000_000]
    const keys = of.map(place => `rate${place}`)
    if (cool > 0) pipeline.eval(coolDown, 2, keys[0] as string, 'pauses', cool, 'lane', ...time)
    if (cool > 0) isLease.push(false)
    const numbers = of.flatMap(place => {
      const { spacing, burst } = rates[place] as Trace['rates'][number]
      return [spacing * factor, burst]
    })
    pipeline.eval(lease, keys.length + 2, 'processes', 'limits', ...keys, 'me', 0, asked, horizon, ...numbers, ...time)
    isLease.push(true)
  }
  const answers = (await pipeline.exec()) as [Error | null, string[]][]
  return answers.flatMap(([error, said], nth) => {
    if (error !== null) throw error
    if (isLease[nth] !== true) return []
    const [slots, , ...others] = said.map(Number)
    return [[slots as number, ...others.slice(0, 3)]]
  })
}

const answersOf = (history: Trace): Answer[] =>
  grantsOf(history).map(({ slots, start, spacing, blockedBy }) => [slots, start, spacing, blockedBy])

describe.skipIf(NO_REDIS)('the grants of any history', () => {
  it('are the same in Lua and in TypeScript', async () => {
    await using server = await redisServer()
    const redis = new Redis(server.url)
    const inLua = async (history: Trace): Promise<number[][]> => {
      const lines = (await redis.eval(PLAY, 0, JSON.stringify(history))) as string[]
      return lines.map(line => line.split(' ').map(Number))
    }
    try {
      const same = async (history: Trace): Promise<void> => {
        expect(await inLua(history)).toEqual(answersOf(history))
      }
      await fc.assert(fc.asyncProperty(trace, same), { numRuns: 500 })
    } finally {
      redis.disconnect()
    }
  })

  it('are the same when Redis keeps the state between two calls', async () => {
    await using server = await redisServer()
    const redis = new Redis(server.url)
    try {
      const same = async (history: Trace): Promise<void> => {
        expect(await playScripts(redis, history)).toEqual(answersOf(history))
      }
      await fc.assert(fc.asyncProperty(trace, same), { numRuns: 200 })
    } finally {
      redis.disconnect()
    }
  })
})
