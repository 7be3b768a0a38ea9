/**
 * The adaptive limit against simulated servers in virtual time. The bar: at least 90 % of the throughput of the best
 * fixed concurrency with the same random seed, and a p99 of at most twice its p99, after the warm-up that each row
 * states.
 */
import { describe, expect, test } from 'vitest'
import type { Call } from '../../src/core/call.ts'
import { adaptive } from '../../src/policy/adaptive.ts'
import type { Adaptive, EndedAttempt } from '../../src/policy/adaptive.ts'
import { slots } from '../../src/policy/slots.ts'
import * as model from '../support/load-model.ts'
import type { Measured, Random, Reply, Server } from '../support/load-model.ts'
import { fc, randomFrom } from '../support/property.ts'
import { describeLong, longTest } from '../support/size.ts'

const CALL = {} as Call
const MAX = 100
const SEEDS = [1, 2, 3, 4, 5]
const SOME: readonly number[] = [1, 2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 20, 24, 32, 50, 75, 100]
const FEW: readonly number[] = [10, 50, 90, 100]

const refusal: Reply = { verdict: 'overload' }
const announced: Reply = { verdict: 'overload', retryAfterMs: 1_000 }

interface Shape {
  readonly name: string
  readonly server: (random: Random) => Server
  readonly warmUpMs: number
  readonly untilMs: number
  readonly fixed: readonly number[]
}

const fast = { warmUpMs: 3_000, untilMs: 14_000, fixed: FEW }
const slow = { warmUpMs: 10_000, untilMs: 120_000, fixed: SOME }

const SHAPES: readonly Shape[] = [
  { name: 'fast, 3–7 ms', server: random => model.unlimited(model.between(3, 7, random)), ...fast },
  { name: 'fast, exponential', server: random => model.unlimited(model.exponential(5, random)), ...fast },
  { name: '12 × 200 ms', server: () => twelve(() => 200), ...slow },
  { name: '12 × 150–250 ms', server: random => twelve(model.between(150, 250, random)), ...slow },
  { name: '12 × exponential', server: random => twelve(model.exponential(200, random)), ...slow },
  { name: '12 × lognormal', server: random => twelve(model.lognormal(200, 0.8, random)), ...slow },
  { name: '429 above 8', server: random => eight(model.between(50, 100, random), refusal), ...slow },
  { name: '429 above 8, exponential', server: random => eight(model.exponential(75, random), refusal), ...slow },
  { name: '429 above 8, Retry-After', server: random => eight(model.between(50, 100, random), announced), ...slow },
  { name: '429, exp., Retry-After', server: random => eight(model.exponential(75, random), announced), ...slow },
]

function twelve(serviceMs: () => number): Server {
  return model.workers(() => 12, serviceMs)
}

function eight(serviceMs: () => number, reply: Reply): Server {
  return model.refusing(() => 8, serviceMs, reply)
}

type Run = Partial<Omit<model.Load, 'server' | 'limit' | 'random'>> & { readonly max?: number; readonly seed?: number }

/** Also looks at every size on the way. */
function runAdaptive(
  server: (random: Random) => Server,
  { max = MAX, seed = 1, untilMs = 60_000, fromMs = 0, ...load }: Run = {},
): Measured & { readonly limit: Adaptive; readonly sizes: [atMs: number, size: number][] } {
  const limit = adaptive({ max })
  const sizes: [number, number][] = [[0, limit.size]]
  const watch = (nowMs: number, size: number): void => {
    if (!Number.isInteger(size) || size < 1 || size > max) throw new Error(`size ${size} at ${nowMs} ms`)
    if (size !== sizes.at(-1)?.[1]) sizes.push([nowMs, size])
  }
  const parts = { server: server(randomFrom(seed)), limit, random: randomFrom(seed + 1_000) }
  return { ...model.run({ ...parts, untilMs, fromMs, watch, ...load }), limit, sizes }
}

function runFixed(shape: Shape, size: number, seed: number): Measured {
  const parts = { server: shape.server(randomFrom(seed)), limit: slots(size), random: randomFrom(seed + 1_000) }
  return model.run({ ...parts, untilMs: shape.untilMs, fromMs: shape.warmUpMs })
}

/** The highest throughput, and the smallest size within 1 % of it: the hardest one to compete with. */
function bestFixed(shape: Shape, seed: number): { readonly size: number; readonly perSecond: number; p99Ms: number } {
  const runs = shape.fixed.map(size => ({ size, ...runFixed(shape, size, seed) }))
  const perSecond = Math.max(...runs.map(run => run.perSecond))
  const best = runs.find(run => run.perSecond >= 0.99 * perSecond) as (typeof runs)[number]
  return { size: best.size, perSecond, p99Ms: best.p99Ms }
}

function sizeAt(sizes: readonly (readonly [number, number])[], atMs: number): number {
  return sizes.findLast(([fromMs]) => fromMs <= atMs)?.[1] ?? NaN
}

describeLong('against the best fixed concurrency', () => {
  const rows: string[] = []
  longTest.each(SHAPES)('$name: reaches at least 90 % of its throughput and at most twice its p99', shape => {
    for (const seed of SEEDS) {
      const best = bestFixed(shape, seed)
      const found = runAdaptive(shape.server, { seed, fromMs: shape.warmUpMs, untilMs: shape.untilMs })
      const ratio = found.perSecond / best.perSecond
      const p99Ratio = found.p99Ms / best.p99Ms
      const cells = [shape.name.padEnd(25), seed, shape.warmUpMs / 1_000, best.size, best.perSecond.toFixed(1)]
      cells.push(found.perSecond.toFixed(1), ratio.toFixed(3), p99Ratio.toFixed(2), found.meanSize.toFixed(1))
      rows.push(cells.join('\t'))
      expect(ratio, `throughput, seed ${seed}`).toBeGreaterThanOrEqual(0.9)
      expect(p99Ratio, `p99, seed ${seed}`).toBeLessThanOrEqual(2 + 1e-9)
    }
  })

  longTest('prints the table of results', () => {
    const head = 'shape'.padEnd(25) + '\tseed\twarm s\tbest\tbest/s\tauto/s\tratio\tp99×\tmean size'
    console.log([head, ...rows].join('\n'))
    expect(rows).toHaveLength(SHAPES.length * SEEDS.length)
  })
})

describe('a server that changes or differs', () => {
  const dropping = (nowMs: number): number => (nowMs < 60_000 ? 20 : nowMs < 160_000 ? 5 : 20)

  test.each(SEEDS)('follows a capacity that drops from 20 to 5 and recovers (seed %i)', seed => {
    const { sizes } = runAdaptive(random => model.workers(dropping, model.between(90, 110, random)), {
      seed,
      untilMs: 240_000,
    })
    expect(sizeAt(sizes, 59_000)).toBeGreaterThanOrEqual(18)
    const low = sizes.filter(([atMs]) => atMs > 100_000 && atMs < 160_000).map(([, size]) => size)
    expect(Math.max(sizeAt(sizes, 100_000), ...low)).toBeLessThanOrEqual(15)
    const back = sizes.filter(([atMs]) => atMs > 200_000).map(([, size]) => size)
    expect(Math.max(sizeAt(sizes, 200_000), ...back)).toBeGreaterThanOrEqual(18)
  })

  test.each([1, 2, 3, 4, 5, 6])('notices a drop before the next probe is due (seed %i)', seed => {
    const { sizes } = runAdaptive(random => model.workers(dropping, model.exponential(200, random)), {
      seed,
      untilMs: 70_000,
    })
    expect(sizes.some(([atMs]) => atMs > 60_000)).toBe(true)
  })

  test.each(SEEDS)('follows a change in the number of refusals (seed %i)', seed => {
    const { sizes } = runAdaptive(random => model.refusing(dropping, model.exponential(75, random), refusal), {
      seed,
      untilMs: 400_000,
    })
    expect(sizeAt(sizes, 59_000)).toBe(20)
    expect(sizeAt(sizes, 65_000)).toBeLessThanOrEqual(7)
    expect(sizeAt(sizes, 390_000)).toBeGreaterThanOrEqual(18)
  })

  test('finds a level between one and the maximum when latency grows smoothly', () => {
    const { limit } = runAdaptive(random => model.crowding(model.between(90, 110, random), 50), { untilMs: 120_000 })
    expect(limit.size).toBeGreaterThanOrEqual(20)
    expect(limit.size).toBeLessThanOrEqual(75)
  })

  test.each<[string, (random: Random) => Server, number, number, number]>([
    ['a very slow server', () => model.unlimited(() => 5_000), 120_000, 50, 100],
    ['a very fast server', random => model.unlimited(model.between(0.4, 0.6, random)), 3_000, 50, 100],
    ['one worker', random => model.workers(() => 1, model.between(50, 100, random)), 120_000, 1, 2],
    ['two workers', random => model.workers(() => 2, model.between(50, 100, random)), 120_000, 1, 4],
    ['a 429 above forty', random => model.refusing(() => 40, model.exponential(75, random), refusal), 60_000, 40, 40],
    ['a 429 above one', random => model.refusing(() => 1, model.between(50, 100, random), refusal), 60_000, 1, 1],
    [
      'a server that fails every third request',
      random => model.unlimited(model.between(50, 99, random), thirds()),
      60_000,
      50,
      100,
    ],
    ['503 above 8 without a pause', random => eight(model.exponential(75, random), silent), 60_000, 8, 8],
    ['other failures above 8', random => eight(model.exponential(75, random), broken), 120_000, 4, 16],
  ])('%s: settles at the expected level', (_, server, untilMs, least, most) => {
    const { limit } = runAdaptive(server, { untilMs })
    expect(limit.size).toBeGreaterThanOrEqual(least)
    expect(limit.size).toBeLessThanOrEqual(most)
  })

  const silent: Reply = { verdict: 'overload', pauses: false }
  const broken: Reply = { verdict: 'failed' }
  function thirds(): () => EndedAttempt['verdict'] {
    let count = 0
    return () => (++count % 3 === 0 ? 'failed' : 'ok')
  }

  test('a hiccup during the growth does not stop it for long: it probes again at once', () => {
    const server: Server = world => respond => {
      const isSlow = world.nowMs() > 400 && world.nowMs() < 1_000
      world.after(isSlow ? 100 : 50, () => respond({ verdict: 'ok' }))
    }
    const { sizes } = runAdaptive(() => server, { untilMs: 6_000 })
    expect(sizeAt(sizes, 1_100)).toBeLessThanOrEqual(16)
    expect(sizeAt(sizes, 6_000)).toBeGreaterThanOrEqual(50)
  })

  test('finds the old limit again after the host was closed for half a minute', () => {
    const closed = (nowMs: number): number => (nowMs > 20_000 && nowMs < 50_000 ? 0 : Infinity)
    const { limit } = runAdaptive(random => model.refusing(closed, model.between(50, 100, random), refusal), {
      untilMs: 90_000,
    })
    expect(limit.size).toBeGreaterThanOrEqual(45)
  })

  test('tries a level that is known to be refused less and less often', () => {
    const { sizes } = runAdaptive(random => eight(model.between(50, 100, random), announced), { untilMs: 400_000 })
    const tries = sizes.filter(([atMs, size], i) => atMs > 3_000 && size > (sizes[i - 1]?.[1] ?? size))
    expect(tries.length).toBeGreaterThanOrEqual(4)
    expect(tries.length).toBeLessThanOrEqual(6)
  })
})

describe('the limit does not change', () => {
  test('when requests are too sparse to fill it', () => {
    const { sizes } = runAdaptive(random => model.unlimited(model.between(50, 100, random)), {
      untilMs: 600_000,
      everyMs: () => 60,
    })
    expect(sizes).toHaveLength(1)
  })

  test.each(SEEDS)('when requests fill it only part of the time (seed %i)', seed => {
    const gapMs = model.exponential(25, randomFrom(seed + 2_000))
    const { sizes } = runAdaptive(random => model.unlimited(model.between(50, 100, random)), { seed, everyMs: gapMs })
    expect(sizes).toHaveLength(1)
  })

  test('after a single refusal among very many good answers', () => {
    const limit = adaptive({ max: 4 })
    for (let nowMs = 0; nowMs < 10_000; nowMs += 100) turn(limit, nowMs, 4, () => 'ok')
    turn(limit, 10_000, 4, i => (i === 0 ? 'overload' : 'ok'))
    expect(limit.size).toBe(4)
    turn(limit, 10_100, 4, i => (i === 0 ? 'overload' : 'ok'))
    expect(limit.size).toBe(3)
  })

  test('after failures without an overload', () => {
    const { sizes } = runAdaptive(random => model.unlimited(model.between(50, 100, random), () => 'failed'))
    expect(sizes).toHaveLength(1)
  })

  test('after aborted attempts', () => {
    const { sizes } = runAdaptive(random => model.unlimited(model.between(50, 100, random), () => 'ignored'))
    expect(sizes).toHaveLength(1)
  })

  test('after a refusal with nothing else in flight', () => {
    const limit = adaptive({ max: MAX, initial: 10 })
    end(limit, { startedAtMs: 0, nowMs: 10, verdict: 'overload' })
    expect(limit.size).toBe(10)
  })

  test('after attempts that hung while others got through', () => {
    const limit = adaptive({ max: 4 })
    for (let nowMs = 0; nowMs < 10_000; nowMs += 100) turn(limit, nowMs, 4, () => 'ok')
    const before = limit.size
    book(limit, 4)
    for (const startedAtMs of [0, 5_000, 0]) {
      limit.release?.(CALL)
      limit.learn({ startedAtMs, nowMs: 10_000, verdict: 'overload' })
    }
    expect(limit.size).toBe(before)
  })
})

describe('refusals', () => {
  test('one burst removes as many slots as were refused', () => {
    const limit = adaptive({ max: MAX, initial: 16 })
    turn(limit, 0, 16, i => (i < 5 ? 'overload' : 'ok'))
    expect(limit.size).toBe(11)
  })

  test('one burst removes at most half of the slots', () => {
    const limit = adaptive({ max: MAX, initial: 16 })
    turn(limit, 0, 16, () => 'overload')
    expect(limit.size).toBe(8)
  })

  test('a probe at a server that got slower does not end above the refused level', () => {
    const server: Server = world => {
      let busy = 0
      return respond => {
        if (busy >= 8) return world.after(1, () => respond(refusal))
        busy++
        world.after((world.nowMs() < 35_000 ? 50 : 100) * (1 + busy / 20), () => {
          busy--
          respond({ verdict: 'ok' })
        })
      }
    }
    const { sizes } = runAdaptive(() => server, { untilMs: 60_000 })
    expect(sizeAt(sizes, 34_000)).toBe(8)
    const later = sizes.filter(([atMs]) => atMs > 35_000).map(([, size]) => size)
    expect(later.length).toBeGreaterThan(0)
    expect(Math.max(...later)).toBe(8)
  })

  test('each further burst removes slots from what is left, down to one', () => {
    const limit = adaptive({ max: MAX, initial: 16 })
    for (let nowMs = 0; nowMs < 1_000; nowMs += 100) turn(limit, nowMs, limit.size + 1, () => 'overload')
    expect(limit.size).toBe(1)
  })
})

describe('as a limit', () => {
  test('a slot is free until all are taken, and again after a release', () => {
    const limit = adaptive({ max: 2, initial: 2 })
    book(limit, 1)
    expect([limit.waitMs(0, CALL), limit.isFull?.()]).toEqual([0, false])
    book(limit, 1)
    expect([limit.waitMs(0, CALL), limit.isFull?.()]).toEqual([Infinity, true])
    limit.release?.(CALL)
    expect([limit.waitMs(0, CALL), limit.isFull?.()]).toEqual([0, false])
  })

  test.each([
    [1, undefined, 1],
    [3, undefined, 3],
    [100, undefined, 8],
    [100, 200, 100],
    [100, 0, 1],
  ])('with a maximum of %s and an initial size of %s, it starts at %s', (max, initial, expected) => {
    expect(adaptive(initial === undefined ? { max } : { max, initial }).size).toBe(expected)
  })

  test('a maximum of one stays one', () => {
    const { sizes } = runAdaptive(random => model.unlimited(model.between(5, 10, random)), { max: 1 })
    expect(sizes).toEqual([[0, 1]])
  })

  test('it is idle before the first answer and long after the last', () => {
    const limit = adaptive({ max: 10 })
    expect(limit.isIdle?.(0)).toBe(true)
    book(limit, 2)
    expect(limit.isIdle?.(0)).toBe(false)
    end(limit, { startedAtMs: 0, nowMs: 10, verdict: 'ok' }, 0)
    limit.release?.(CALL)
    expect(limit.isIdle?.(10)).toBe(false)
    expect(limit.isIdle?.(1_000_000)).toBe(true)
  })

  test('after any history it is a whole number from one to the maximum, and a request can go', () => {
    const verdict = fc.constantFrom<EndedAttempt['verdict'][]>('ok', 'ok', 'ok', 'ok', 'overload', 'failed', 'ignored')
    const step = fc.tuple(fc.constantFrom(0, 0, 0.001, 1, 20, 300, 40_000), verdict, fc.nat(5))
    const steps = fc.array(step, { minLength: 100, maxLength: 3_000, size: 'max' })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), steps, (max, all) => {
        const limit = adaptive({ max })
        const starts: number[] = []
        let nowMs = 0
        for (const [waitMs, ended, which] of all) {
          while (limit.waitMs(nowMs, CALL) === 0) {
            limit.book(nowMs, CALL)
            starts.push(nowMs)
          }
          nowMs += waitMs
          const [startedAtMs = nowMs] = starts.splice(which % starts.length, 1)
          limit.release?.(CALL)
          limit.learn({ startedAtMs, nowMs, verdict: ended })
          if (!Number.isInteger(limit.size) || limit.size < 1 || limit.size > max) throw new Error(`size ${limit.size}`)
        }
      }),
      { numRuns: 60 },
    )
  })
})

function book(limit: Adaptive, times: number, nowMs = 0): void {
  for (let i = 0; i < times; i++) limit.book(nowMs, CALL)
}

function end(limit: Adaptive, ended: EndedAttempt, booked = 1): void {
  book(limit, booked, ended.startedAtMs)
  limit.release?.(CALL)
  limit.learn(ended)
}

/** `count` attempts that start together and end together 100 ms later. */
function turn(limit: Adaptive, nowMs: number, times: number, verdict: (i: number) => EndedAttempt['verdict']): void {
  book(limit, times, nowMs)
  for (let i = 0; i < times; i++) end(limit, { startedAtMs: nowMs, nowMs: nowMs + 100, verdict: verdict(i) }, 0)
}
