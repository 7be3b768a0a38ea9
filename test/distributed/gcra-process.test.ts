/** Redis computes what the TypeScript arithmetic computes, to the last bit. */
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { LUA_GRANT } from '../../src/distributed/limits/gcra.ts'
import { fc } from '../support/property.ts'
import { grantsOf, trace } from './traces.ts'
import type { Trace } from './traces.ts'
import { NO_REDIS, redisServer } from './redis.ts'

/** Plays a trace with the pure function of the script; the time is that of the trace. */
const PLAY = `${LUA_GRANT}
local trace = cjson.decode(ARGV[1])
local states, at, said = {}, trace.start, {}
for place, rate in ipairs(trace.rates) do
  states[place] = { spacing = rate.spacing, burst = rate.burst, tat = 0, cooldown = 0 }
end
for index, step in ipairs(trace.steps) do
  at = at + step.passed
  local asks = {}
  for nth, place in ipairs(step.of) do asks[nth] = states[place + 1] end
  if step.cool > 0 then asks[1].cooldown = math.max(asks[1].cooldown, at + step.cool) end
  local slots, start, spacing, blockedBy = grant(at, trace.horizon, step.asked, asks)
  said[index] = string.format('%.17g %.17g %.17g %.17g', slots, start, spacing, blockedBy)
end
return said
`

describe.skipIf(NO_REDIS)('the grants of any history', () => {
  it('are the same in Lua and in TypeScript', async () => {
    await using server = await redisServer()
    const redis = new Redis(server.url)
    const inLua = async (history: Trace): Promise<number[][]> => {
      const lines = (await redis.eval(PLAY, 0, JSON.stringify(history))) as string[]
      return lines.map(line => line.split(' ').map(Number))
    }
    try {
      await fc.assert(
        fc.asyncProperty(trace, async history => {
          const own = grantsOf(history).map(({ slots, start, spacing, blockedBy }) => [
            slots,
            start,
            spacing,
            blockedBy,
          ])
          expect(await inLua(history)).toEqual(own)
        }),
        { numRuns: 500 },
      )
    } finally {
      redis.disconnect()
    }
  })
})
