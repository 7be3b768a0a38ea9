/**
 * The gate in virtual time, with a transport that the test answers by hand: which request may go, when, and in which
 * order.
 */
import { describe, expect, test } from 'vitest'
import { attempt } from '../../src/core/attempt.ts'
import type { Attempt } from '../../src/core/attempt.ts'
import type { Clock } from '../../src/core/ports.ts'
import type { Rate } from '../../src/core/rate.ts'
import { fault } from '../../src/core/result.ts'
import type { Fault, Reply, Result } from '../../src/core/result.ts'
import { say } from '../../src/core/words.ts'
import { statsOf } from '../../src/client/stats.ts'
import type { AttemptLayer } from '../../src/core/layer.ts'
import { Gate } from '../../src/layer/gate.ts'
import { through } from '../../src/layer/passage.ts'
import type { GateParts } from '../../src/layer/gate.ts'
import type { Demand } from '../../src/core/demand.ts'
import { Tally } from '../../src/core/tally.ts'
import { Lane } from '../../src/policy/lane.ts'
import { rateLimit } from '../../src/policy/rate.ts'
import { slots } from '../../src/policy/slots.ts'
import { virtualClock } from '../../src/testing/index.ts'
import type { VirtualClock } from '../../src/testing/index.ts'
import { makeAttempt, makeCall, makeReply } from '../support/calls.ts'
import type { CallParts } from '../support/calls.ts'
import { promised, sending } from '../support/sends.ts'
import { fc, randomFrom } from '../support/property.ts'
import { figure } from '../support/figure.ts'
import { sized } from '../support/size.ts'

interface Started {
  readonly attempt: Attempt
  readonly atMs: number
  answer(result?: Result): Promise<void>
}

/** Lets all microtasks and immediates run. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

interface World {
  readonly concurrency?: number
  readonly rates?: readonly Rate[]
  readonly clock?: Clock
  readonly random?: () => number
}

/** A gate whose lanes have only the limits that every lane has. */
function makeGate({
  random = () => 0,
  ...parts
}: Omit<GateParts, 'laneOf' | 'random'> & { random?: () => number }): Gate {
  return new Gate({ ...parts, random, laneOf: ({ lane }, shared, shares) => new Lane({ key: lane, shared, shares }) })
}

/** A gate in front of a transport where every attempt waits until the test answers it. */
function open({ concurrency = Infinity, rates = [], clock = virtualClock(), random = () => 0 }: World = {}) {
  const limits = [slots(concurrency), ...rates.map(rate => rateLimit(rate))]
  const gate = makeGate({ limits, slots: concurrency, clock, random })
  const started: Started[] = []
  let running = 0
  let mostAtOnce = 0
  const send = promised(
    through([gate.layer], (entered, done) => {
      mostAtOnce = Math.max(mostAtOnce, ++running)
      const answer = (result: Result = makeReply()): Promise<void> => {
        running--
        done(result)
        return settled()
      }
      started.push({ attempt: entered, atMs: clock.now(), answer })
    }),
  )
  const enter = (parts: CallParts = {}, number = 1) => {
    const entered = makeAttempt({ nowMs: clock.now(), ...parts }, number)
    return { attempt: entered, result: send(entered) }
  }
  return {
    gate,
    describe: () => String(statsOf(gate, clock, () => new Tally(clock).snapshot())).split('\n'),
    clock,
    started,
    enter,
    send,
    /** Indices of the attempts that have started, in order. */
    order: () => started.map(({ attempt: { call } }) => call.index),
    get mostAtOnce() {
      return mostAtOnce
    },
    get running() {
      return running
    },
  }
}

const A = 'http://a.test'
const B = 'http://b.test'
const C = 'http://c.test'
const perSecond = (limit: number, burst = 1): Rate => ({ limit, intervalMs: 1_000, burst })

describe('slots', () => {
  test('are never more than `concurrency` at once, in any order of arrivals and answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.nat(), async (concurrency, chance) => {
        const random = randomFrom(chance)
        const world = open({ concurrency })
        let entered = 0
        let answered = 0
        while (answered < 60) {
          if (entered < 60 && random() < 0.6)
            world.enter({ index: entered++, origin: [A, B, C][Math.floor(random() * 3)] as string })
          const next = world.started[answered]
          if (next !== undefined && random() < 0.5) {
            answered++
            await next.answer()
          }
          expect(world.running).toBeLessThanOrEqual(concurrency)
        }
        expect(world.started).toHaveLength(60)
      }),
      { numRuns: 30 },
    )
  })

  test('are given in the order of arrival within a lane', async () => {
    const world = open({ concurrency: 1 })
    for (let index = 0; index < 20; index++) world.enter({ index })
    for (let done = 0; done < 20; done++) await world.started[done]?.answer()
    expect(world.order()).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  test('rotate over the lanes that wait, so that the longest queue does not take them all', async () => {
    const world = open({ concurrency: 1 })
    for (let index = 0; index < 6; index++) world.enter({ index, origin: A })
    for (let index = 10; index < 13; index++) world.enter({ index, origin: B })
    for (let index = 20; index < 22; index++) world.enter({ index, origin: C })
    for (let done = 0; done < 11; done++) await world.started[done]?.answer()
    expect(world.order()).toEqual([0, 1, 10, 20, 2, 11, 21, 3, 12, 4, 5])
  })

  test('are given to a new request only if no other request has waited longer', async () => {
    const world = open({ concurrency: 1 })
    world.enter({ index: 0, origin: A })
    world.enter({ index: 1, origin: A })
    world.enter({ index: 2, origin: B })
    await world.started[0]?.answer()
    await world.started[1]?.answer()
    expect(world.order()).toEqual([0, 1, 2])
  })

  test('are given to a retry before requests of its lane that have not been tried', async () => {
    const world = open({ concurrency: 1 })
    world.enter({ index: 0 })
    world.enter({ index: 1 })
    world.enter({ index: 2 })
    world.enter({ index: 3 }, 2)
    for (let done = 0; done < 4; done++) await world.started[done]?.answer()
    expect(world.order()).toEqual([0, 3, 1, 2])
  })

  test('keep their order when an attempt enters the gate from a hook', async () => {
    const clock = virtualClock()
    const gate = makeGate({ limits: [slots(1)], slots: 1, clock })
    const order: number[] = []
    const wire = sending((entered: Attempt) => {
      const { index, origin } = entered.call
      order.push(index)
      if (index < 3) void send(makeAttempt({ index: index + 100, origin }))
      return Promise.resolve(makeReply())
    })
    const send = promised(through([gate.layer], wire))
    for (const [index, origin] of [A, A, A, B, B].entries()) void send(makeAttempt({ index, origin }))
    await settled()
    // 0 goes at once and adds 100; then the two lanes alternate, each in the order of arrival.
    expect(order).toEqual([0, 100, 3, 1, 4, 2, 101, 102])
    expect(statsOf(gate, clock, () => new Tally(clock).snapshot())).toMatchObject({ running: 0, queued: 0 })
  })

  test('are released when a layer below breaks', async () => {
    const clock = virtualClock()
    const gate = makeGate({ limits: [slots(1)], slots: 1, clock })
    const breaking: AttemptLayer = {
      before() {
        throw new Error('ours')
      },
    }
    const send = promised(through([gate.layer, breaking], (_, done) => done(makeReply())))
    const unexpected = { code: 'internal/unknown', message: 'unexpected error: ours' }
    await expect(send(makeAttempt())).resolves.toMatchObject(unexpected)
    await expect(send(makeAttempt())).resolves.toMatchObject(unexpected)
  })
})

describe('slots and tokens', () => {
  test('are taken together: after a stall of the server no tokens come out in a bunch', async () => {
    const rate = { limit: 50, intervalMs: 1_000, burst: 5 }
    const clock = virtualClock()
    const world = open({ concurrency: 20, rates: [rate], clock })
    for (let index = 0; index < 200; index++) world.enter({ index })
    let answered = 0
    // One second of answers in 10 ms each, then a stall of two seconds, then all at once.
    for (let ms = 0; ms < 6_000; ms += 10) {
      await clock.advance(10)
      const stalled = ms >= 1_000 && ms < 3_000
      const served = stalled ? 0 : world.started.length
      while (answered < served) await world.started[answered++]?.answer()
    }
    const startsMs = world.started.map(({ atMs }) => atMs)
    expect(startsMs).toHaveLength(200)
    for (const fromMs of startsMs) {
      expect(startsMs.filter(atMs => atMs >= fromMs && atMs < fromMs + 1_000).length).toBeLessThanOrEqual(50)
    }
    // All slots were taken for most of the stall, so tokens piled up. They must not have been spent meanwhile.
    expect(startsMs.filter(atMs => atMs > 1_400 && atMs < 3_000)).toHaveLength(0)
  })

  test('are taken from all limits or from none', async () => {
    const clock = virtualClock()
    const world = open({ concurrency: 1, rates: [perSecond(10), { limit: 3, intervalMs: 10_000, burst: 3 }], clock })
    for (let index = 0; index < 5; index++) world.enter({ index })
    let answered = 0
    while (answered < 5) {
      await clock.advance(50)
      if (world.started[answered]) await world.started[answered++]?.answer()
    }
    const [first, second, third, fourth, fifth] = world.started.map(({ atMs }) => atMs)
    expect(second).toBeGreaterThanOrEqual((first as number) + 95)
    expect(third).toBeGreaterThanOrEqual((second as number) + 95)
    expect(fourth).toBeGreaterThanOrEqual((first as number) + 10_000)
    expect(fifth).toBeGreaterThanOrEqual((second as number) + 10_000)
  })
})

describe('a rate', () => {
  /** A clock whose timers fire up to 4 ms late, as in a busy process. */
  function lateClock(chance: () => number) {
    const clock = virtualClock()
    const late: Clock = {
      now: () => clock.now(),
      epochMs: () => clock.epochMs(),
      after: (delayMs, callback) => clock.after(delayMs + chance() * 4, callback),
    }
    return { clock, late }
  }

  test.each([1, 7, 50, 333, 1_000])(
    'of %d/s is used to 97 %% and never exceeded during a backlog with late timers',
    async limit => {
      const { clock, late } = lateClock(randomFrom(limit))
      const seconds = limit < 10 ? 40 : 3
      const world = open({ rates: [perSecond(limit)], clock: late })
      for (let index = 0; index < limit * seconds + 10; index++) world.enter({ index })
      while (clock.now() < seconds * 1_000 && clock.advanceToNext())
        if (world.started.length % 50 === 0) await settled()
      await settled()
      const startsMs = world.started.map(entry => entry.attempt.startedAtMs).filter(atMs => atMs < seconds * 1_000)
      expect(startsMs.length).toBeGreaterThanOrEqual(0.97 * limit * seconds)
      // Not with expect, which would be most of the work.
      for (let i = 0; i + limit < startsMs.length; i++) {
        const windowMs = (startsMs[i + limit] as number) - (startsMs[i] as number)
        if (windowMs < 1_000 - 1e-6) throw new Error(`${limit + 1} starts in ${windowMs} ms`)
      }
      for (let from = 0; from < startsMs.length; from += 17) {
        for (let to = from + 1; to < Math.min(from + 200, startsMs.length); to++) {
          const windowMs = (startsMs[to] as number) - (startsMs[from] as number)
          const most = 1 + (limit / 1_000) * (windowMs + 5) + 1e-6
          if (to - from + 1 > most) throw new Error(`${to - from + 1} starts in ${windowMs} ms, ${most} are allowed`)
        }
      }
    },
  )

  test('that opens for several at once admits the lanes in turn', async () => {
    const clock = virtualClock()
    const world = open({ rates: [{ limit: 3, intervalMs: 10_000, burst: 3 }], clock })
    for (let index = 0; index < 8; index++) world.enter({ index, origin: A })
    for (let index = 10; index < 14; index++) world.enter({ index, origin: B })
    await clock.advance(20_000)
    expect(world.order()).toEqual([0, 1, 2, 3, 10, 4, 11, 5, 12])
  })

  test('whose timer is late admits the request that has waited, not one that arrives just then', async () => {
    const { clock, late } = lateClock(() => 1)
    const world = open({ rates: [perSecond(1)], clock: late })
    world.enter({ index: 0, origin: A })
    world.enter({ index: 1, origin: A })
    await clock.advance(997)
    expect(world.order()).toEqual([0])
    world.enter({ index: 2, origin: B })
    expect(world.order()).toEqual([0])
    await clock.advance(3_000)
    expect(world.order()).toEqual([0, 1, 2])
  })

  test('counts retries as well as first attempts', async () => {
    const clock = virtualClock()
    const world = open({ rates: [perSecond(10)], clock })
    world.enter({ index: 0 })
    world.enter({ index: 1 }, 2)
    await clock.advance(90)
    expect(world.order()).toEqual([0])
    await clock.advance(10)
    expect(world.order()).toEqual([0, 1])
  })

  test('needs one timer, however many requests wait for it', async () => {
    const clock = virtualClock()
    const world = open({ rates: [perSecond(10)], clock })
    for (let index = 0; index < 5_000; index++) world.enter({ index, origin: `http://${index % 50}.test` })
    expect(clock.pending).toBe(1)
    await clock.advance(500)
    expect(clock.pending).toBe(1)
  })

  test('splits the wait of a request into limiter and queue', async () => {
    const clock = virtualClock()
    const world = open({ concurrency: 1, rates: [perSecond(10)], clock })
    world.enter()
    const second = world.enter()
    await clock.advance(300)
    await world.started[0]?.answer()
    const third = world.enter()
    await world.started[1]?.answer()
    await clock.advance(100)
    expect(second.attempt.trip.stopwatch).toMatchObject({ queueMs: 300, limiterMs: 0 })
    expect(third.attempt.trip.stopwatch).toMatchObject({ queueMs: 0, limiterMs: 95 })
  })
})

describe('Retry-After', () => {
  const throttled = (value?: string): Reply => makeReply(429, value === undefined ? {} : { 'retry-after': value })

  test('pauses the whole lane, and no other lane', async () => {
    const clock = virtualClock()
    const world = open({ clock })
    world.enter({ index: 0, origin: A })
    await world.started[0]?.answer(throttled('10'))
    world.enter({ index: 1, origin: A })
    world.enter({ index: 2, origin: B })
    expect(world.order()).toEqual([0, 2])
    expect(world.gate.pausedHosts()).toEqual(['a.test'])
    expect(world.describe()).toContain('a.test 0 running, 1 queued, paused 10.0 s')
    await clock.advance(9_999)
    expect(world.order()).toEqual([0, 2])
    await clock.advance(1)
    expect(world.order()).toEqual([0, 2, 1])
    expect(world.gate.pausedHosts()).toEqual([])
  })

  test('of one lane leaves the slots to the others', async () => {
    const clock = virtualClock()
    const world = open({ concurrency: 2, clock })
    world.enter({ index: 0, origin: A })
    await world.started[0]?.answer(throttled('10'))
    for (let index = 1; index < 100; index++) world.enter({ index, origin: A })
    for (let index = 100; index < 110; index++) world.enter({ index, origin: B })
    for (let done = 1; done <= 10; done++) await world.started[done]?.answer()
    expect(world.order().slice(1)).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109])
    expect(clock.now()).toBe(0)
  })

  test('is obeyed, and exceeded by no more than the jitter', async () => {
    for (const chance of [0, 0.5, 1 - 2 ** -53]) {
      const clock = virtualClock()
      const world = open({ clock, random: () => chance })
      world.enter()
      // Even after many pauses, when our own back-off is far longer than the jitter.
      for (let nth = 0; nth < 8; nth++) {
        const throttledAtMs = clock.now()
        await world.started[nth]?.answer(throttled('3'))
        world.enter()
        await clock.advance(60_000)
        const waitedMs = (world.started[nth + 1]?.atMs as number) - throttledAtMs
        expect(waitedMs).toBeGreaterThanOrEqual(3_000)
        expect(waitedMs).toBeLessThanOrEqual(4_000)
      }
    }
  })

  test('that is not usable leaves the pause to our own back-off', async () => {
    for (const value of [undefined, 'soon', '-5', '1.5.2', '0x2', '']) {
      const clock = virtualClock()
      const world = open({ clock, random: () => 0.5 })
      world.enter()
      await world.started[0]?.answer(throttled(value))
      expect(world.started[0]?.attempt.pausedUntilMs).toBe(250)
    }
  })

  test('repeatedly without a valid number makes each pause of the host longer, until a good answer', async () => {
    const clock = virtualClock()
    const world = open({ clock, random: () => 0.5 })
    const pausesMs: number[] = []
    for (const reply of [throttled(), throttled(), throttled(), makeReply(200), throttled()]) {
      world.enter()
      await clock.advance(60_000)
      const last = world.started.at(-1) as Started
      await last.answer(reply)
      if (last.attempt.pausedUntilMs !== undefined) pausesMs.push(last.attempt.pausedUntilMs - clock.now())
    }
    expect(pausesMs).toEqual([250, 500, 1_000, 250])
  })

  test.each([
    ['maxRetryAfter', { retry: { maxRetryAfterMs: 60_000 } }, 'maxRetryAfter is 1m'],
    ['maxRetryAfter of 0', { retry: { maxRetryAfterMs: 0 } }, 'maxRetryAfter is 0ms'],
    ['the deadline', { timeouts: { totalMs: 30_000 } }, 'the deadline is earlier'],
  ])('longer than %s fails new requests at once, with the time to come back', async (_name, parts, why) => {
    const clock = virtualClock()
    const world = open({ clock })
    world.enter({ retry: { maxRetryAfterMs: Infinity } })
    await world.started[0]?.answer(throttled('100'))
    const refused = (await world.enter(parts).result) as Fault
    expect(refused).toMatchObject({
      code: 'paused/retry_after',
      sent: false,
      retryAt: clock.epochMs() + 100_000,
    })
    expect(say(refused.message)).toContain(why)
    expect(clock.now()).toBe(0)
    expect(world.started).toHaveLength(1)
  })

  test('fails queued requests at once, and keeps those with a larger maxRetryAfter in order', async () => {
    const world = open({ concurrency: 1 })
    world.enter({ index: 0, retry: { maxRetryAfterMs: Infinity } })
    const queued = [1, 2, 3, 4].map(index =>
      world.enter({ index, retry: { maxRetryAfterMs: index % 2 === 0 ? 1_000 : Infinity } }),
    )
    await world.started[0]?.answer(throttled('100'))
    for (const index of [1, 3])
      await expect(queued[index]?.result).resolves.toMatchObject({ code: 'paused/retry_after' })
    await (world.clock as ReturnType<typeof virtualClock>).advance(100_000)
    await world.started[1]?.answer()
    expect(world.order()).toEqual([0, 1, 3])
  })

  test('with a date is judged against the Date of the same response', async () => {
    const world = open()
    world.enter()
    await world.started[0]?.answer(
      makeReply(503, { date: 'Thu, 01 Jan 1970 00:00:00 GMT', 'retry-after': 'Thu, 01 Jan 1970 00:00:07 GMT' }),
    )
    expect(world.started[0]?.attempt.pausedUntilMs).toBe(7_000)
  })

  test('never shortens a longer pause', async () => {
    const clock = virtualClock()
    const world = open({ clock })
    world.enter({ index: 0 })
    world.enter({ index: 1 })
    await world.started[0]?.answer(throttled('10'))
    await world.started[1]?.answer(throttled('1'))
    world.enter({ index: 2 })
    await clock.advance(9_999)
    expect(world.order()).toEqual([0, 1])
  })
})

describe('a cancelled request', () => {
  test('ends at once while it is queued, and its slot goes to the next one', async () => {
    const world = open({ concurrency: 1 })
    world.enter({ index: 0 })
    const second = world.enter({ index: 1 })
    world.enter({ index: 2 })
    second.attempt.trip.cancelSlot.cancel(fault('aborted/not_started', 'enough'))
    await expect(second.result).resolves.toMatchObject({ code: 'aborted/not_started' })
    await world.started[0]?.answer()
    expect(world.order()).toEqual([0, 2])
    expect(second.attempt.trip.retry.attempts).toBe(0)
  })

  test('leaves the gate open for later requests, even if all queued ones are cancelled', async () => {
    const clock = virtualClock()
    const world = open({ concurrency: 1, rates: [perSecond(1)], clock })
    const entered = Array.from({ length: 10 }, (_, index) => world.enter({ index, origin: index % 2 ? A : B }))
    for (const { attempt: one } of entered.slice(1)) one.trip.cancelSlot.cancel(fault('aborted/not_started', 'enough'))
    await world.started[0]?.answer()
    world.enter({ index: 99 })
    await clock.advance(1_000)
    expect(world.order()).toEqual([0, 99])
  })

  test('wakes other lanes behind it if it was the first in line', async () => {
    const clock = virtualClock()
    const world = open({ rates: [perSecond(1)], clock })
    world.enter({ index: 0, origin: A })
    const gone = world.enter({ index: 1, origin: A })
    await clock.advance(100)
    gone.attempt.trip.cancelSlot.cancel(fault('timeout/total', 'late'))
    world.enter({ index: 2, origin: B })
    await clock.advance(1_000)
    expect(world.order()).toEqual([0, 2])
    await world.started[0]?.answer()
    await world.started[1]?.answer()
    expect(statsOf(world.gate, clock, () => new Tally(clock).snapshot())).toMatchObject({ running: 0, queued: 0 })
  })

  test('ends in the queue if it was cancelled before it came there', async () => {
    const world = open({ concurrency: 1 })
    world.enter()
    const call = makeCall()
    call.trip.cancelSlot.cancel(fault('aborted/in_flight', 'enough'))
    await expect(world.send(attempt(call, 2, 0))).resolves.toMatchObject({ code: 'aborted/in_flight' })
  })
})

describe('a lane', () => {
  test('that is idle is kept for what it has learnt, but dropped before there are very many', async () => {
    const world = open()
    for (let index = 0; index < 100; index++) world.enter({ index, origin: `http://${index}.test` })
    for (const started of world.started) await started.answer()
    expect(world.describe()).toHaveLength(100)
    for (let index = 100; index < 5_000; index++) {
      world.enter({ index, origin: `http://${index}.test` })
      await world.started.at(-1)?.answer()
    }
    expect(world.describe().length).toBeLessThanOrEqual(1_000)
  })

  test('that was paused or cancelled is dropped too before there are very many', async () => {
    const clock = virtualClock()
    const world = open({ clock })
    for (let index = 0; index < 5_000; index++) {
      const origin = `http://${index}.test`
      world.enter({ index, origin })
      void world.started.at(-1)?.answer(makeReply(429, { 'retry-after': '1' }))
      await Promise.resolve()
      if (index % 2 === 0) {
        const queued = world.enter({ index, origin })
        queued.attempt.trip.cancelSlot.cancel(fault('aborted/not_started', 'enough'))
      }
      if (index % 100 === 0) await clock.advance(2_000)
    }
    expect(world.describe().length).toBeLessThan(2_000)
  })

  test('with a running pause is not dropped', async () => {
    const clock = virtualClock()
    const world = open({ clock })
    world.enter()
    await world.started[0]?.answer(makeReply(429, { 'retry-after': '10' }))
    await clock.advance(5_000)
    world.enter()
    expect(world.started).toHaveLength(1)
  })
})

describe('hosts known to be silent', () => {
  const DEAD = fault('timeout/connect', 'no answer')

  /** Both slots are held by a silent host, which has more to send; no other host wanted them. */
  async function openSilent(concurrency = 2) {
    const world = open({ concurrency })
    world.enter({ origin: A })
    await world.started[0]?.answer(DEAD)
    for (let index = 1; index <= concurrency + 2; index++) world.enter({ origin: A, index })
    expect(world.order()).toHaveLength(1 + concurrency)
    return world
  }

  /** Has one request for a new host, and sends it when it is told that there is room. */
  const demandOf = (world: ReturnType<typeof open>): Demand => {
    let left = 1
    return {
      onCapacity: () => {
        if (world.gate.isCrowded() || left === 0) return
        left--
        world.enter({ origin: B, index: 90 })
      },
      wants: standing => standing === 'new' && left > 0,
      backlogOf: lane => (lane === undefined || lane === B ? left : 0),
    }
  }

  test('yield to a waiting request of a new host', async () => {
    const world = await openSilent()
    world.enter({ origin: B, index: 90 })
    await world.started[1]?.answer(DEAD)
    expect(world.order()).toEqual([0, 1, 2, 90])
  })

  test('yield to a new host that a source has a request for', async () => {
    const world = await openSilent()
    world.gate.attach(demandOf(world))
    await world.started[1]?.answer(DEAD)
    expect(world.order()).toEqual([0, 1, 2, 90])
  })

  test('yield to a new host that had to wait for proven ones, once these want no slot any more', async () => {
    const world = open({ concurrency: 3 })
    const enter = (origin: string, index: number) => world.enter({ origin, index })
    enter(A, 0)
    await world.started[0]?.answer(DEAD)
    let isWanted = false
    world.gate.attach({
      onCapacity: () => undefined,
      wants: standing => isWanted && standing === 'proven',
      backlogOf: () => 0,
    })
    enter(A, 1)
    enter(A, 2)
    enter(B, 3)
    enter(A, 4)
    isWanted = true
    enter(B, 90)
    isWanted = false
    await world.started[1]?.answer(DEAD)
    expect(world.order()).toEqual([0, 1, 2, 3, 90])
  })

  test('get the slots that are left at once if fewer requests come than there are slots', async () => {
    const world = await openSilent(3)
    const demand = demandOf(world)
    let isReady = false
    world.gate.attach({ ...demand, onCapacity: (...room) => isReady && demand.onCapacity(...room) })
    await world.started[1]?.answer(DEAD)
    expect(world.running).toBe(2)
    isReady = true
    await world.started[2]?.answer(DEAD)
    expect(world.order()).toEqual([0, 1, 2, 3, 90, 4])
    expect(world.running).toBe(3)
  })

  test('leave a token to the request that comes for it when they yield at a rate', async () => {
    const clock = virtualClock()
    const world = open({ concurrency: 5, rates: [perSecond(1)], clock })
    world.enter({ origin: A })
    await world.started[0]?.answer(DEAD)
    for (let index = 1; index <= 3; index++) world.enter({ origin: A, index })
    await clock.advance(1_010)
    expect(world.order()).toEqual([0, 1])
    world.gate.attach(demandOf(world))
    await clock.advance(1_010)
    expect(world.order()).toEqual([0, 1, 90])
  })

  test('get slots in turn, so that the requests of one host do not take all that are left', async () => {
    const world = open({ concurrency: 4 })
    for (const origin of [A, B]) world.enter({ origin })
    for (const one of world.started) await one.answer(DEAD)
    let isWanted = true
    world.gate.attach({ onCapacity: () => undefined, wants: () => isWanted, backlogOf: () => 0 })
    for (let index = 10; index < 16; index++) world.enter({ origin: A, index })
    for (let index = 20; index < 22; index++) world.enter({ origin: B, index })
    expect(world.order().slice(2)).toEqual([10])
    isWanted = false
    await world.started[2]?.answer(DEAD)
    expect(world.order().slice(3)).toEqual([11, 20, 12, 21])
  })

  test('leave no slot empty when a request comes after other sources have changed their minds', async () => {
    const world = open({ concurrency: 4 })
    const enter = (origin: string, index: number) => world.enter({ origin, index })
    let isWanted = true
    world.gate.attach({ onCapacity: () => undefined, wants: () => isWanted, backlogOf: () => 0 })
    enter(A, 0)
    enter(A, 1)
    expect(world.order()).toEqual([0])
    isWanted = false
    enter(B, 2)
    await settled()
    expect(world.order()).toEqual([0, 1, 2])
  })

  test('have one attempt in flight, whatever others want', async () => {
    const world = open({ concurrency: 2 })
    world.enter({ origin: A })
    await world.started[0]?.answer(DEAD)
    world.gate.attach({ onCapacity: () => undefined, wants: () => true, backlogOf: () => 1 })
    for (let index = 1; index <= 3; index++) world.enter({ origin: A, index })
    expect(world.order()).toEqual([0, 1])
    await world.started[1]?.answer(DEAD)
    expect(world.order()).toEqual([0, 1, 2])
  })
})

test('no timer is left for unproven hosts when nothing is in flight', async () => {
  const world = open()
  for (const origin of [A, B, A]) world.enter({ origin })
  await world.started[0]?.answer(fault('timeout/connect', 'no answer'))
  for (const one of world.started.slice(1)) await one.answer()
  expect((world.clock as VirtualClock).pending).toBe(0)
})

test('requests that wait for a new host compete as of a proven one once it has answered', async () => {
  const world = open({ concurrency: 3 })
  const enter = (origin: string, index: number) => world.enter({ origin, index })
  enter(A, 0)
  await world.started[0]?.answer()
  enter(A, 1)
  enter(B, 2)
  enter(C, 3)
  for (let index = 4; index < 8; index++) enter(A, index)
  // Its share is taken, partly by another host.
  enter(B, 90)
  await world.started[2]?.answer()
  expect(world.order()).toEqual([0, 1, 2, 3, 4])
  await world.started[1]?.answer()
  expect(world.order()).toEqual([0, 1, 2, 3, 4, 90])
})

describe('the size of the queue', () => {
  const QUEUED = sized(100_000, 20_000)

  test(`after a pause does not matter: ${QUEUED} requests go as soon as the host is back, without a deep stack`, async () => {
    const clock = virtualClock()
    const world = open({ clock })
    world.enter()
    await world.started[0]?.answer(makeReply(429, { 'retry-after': '1' }))
    for (let index = 0; index < QUEUED; index++) world.enter({ index })
    expect(world.started).toHaveLength(1)
    await clock.advance(2_000)
    expect(world.started).toHaveLength(2)
    await world.started[1]?.answer()
    expect(world.started).toHaveLength(QUEUED + 1)
  })

  /** Milliseconds per request (median of blocks) of a gate with this many waiting requests over this many lanes. */
  async function costMs(waiting: number, lanes: number, reply: () => Reply): Promise<number> {
    const world = open({ concurrency: 10 })
    const parts = { retry: { maxRetryAfterMs: Infinity } }
    for (let index = 0; index < waiting; index++)
      world.enter({ ...parts, index, origin: `http://${index % lanes}.test` })
    const count = 2_000
    const blocksMs: number[] = []
    for (let done = 0; done < count;) {
      const startedAtMs = performance.now()
      for (let block = 0; block < 10; block++) void world.started[done++]?.answer(reply())
      await settled()
      blocksMs.push(performance.now() - startedAtMs)
    }
    expect(world.started.length).toBeGreaterThan(count)
    return (blocksMs.toSorted((a, b) => a - b)[blocksMs.length >> 1] as number) / 10
  }

  figure.each([
    ['one lane', 1],
    ['a thousand lanes', 1_000],
  ])('does not change the cost of a request, in %s', async (_name, lanes) => {
    await costMs(3_000, lanes, makeReply)
    const short = await costMs(3_000, lanes, makeReply)
    const long = await costMs(60_000, lanes, makeReply)
    expect(long).toBeLessThan(10 * short + 0.02)
  })

  figure('does not matter while the host throttles every request', async () => {
    const reply = (): Reply => makeReply(429, { 'retry-after': '0' })
    await costMs(3_000, 1, reply)
    const short = await costMs(3_000, 1, reply)
    const long = await costMs(60_000, 1, reply)
    expect(long).toBeLessThan(10 * short + 0.02)
  })
})
