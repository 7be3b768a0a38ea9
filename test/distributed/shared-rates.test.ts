/** Rates that several processes share, in virtual time, with real clients and gates. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions } from '../../src/index.ts'
import { mockTransport, virtualClock } from '../../src/testing/index.ts'
import type { Rate } from '../../src/core/rate.ts'
import type { MockResponse } from '../../src/testing/index.ts'
import { randomFrom } from '../support/property.ts'
import { SimulatedRedis, mostWithin } from './simulated.ts'
import type { ProcessPlan } from './simulated.ts'

interface Start {
  readonly atMs: number
  readonly host: string
  readonly process: number
}

const OK = { json: 1 }

/** Processes that send to the same servers; every start is noted in virtual time. */
function fleet(
  plans: readonly ProcessPlan[],
  options: ClientOptions,
  answer: (url: string, nth: number) => MockResponse = () => OK,
) {
  const time = virtualClock()
  const redis = new SimulatedRedis(time)
  const starts: Start[] = []
  const clients = plans.map((plan, nth) => {
    const transport = mockTransport(
      ({ url }) => {
        starts.push({ atMs: time.now(), host: new URL(url).host, process: nth })
        return answer(url, starts.length)
      },
      { clock: time },
    )
    const client = new ParallelRequests({
      concurrency: 500,
      ...options,
      transport: {
        send: attempt => transport.send(attempt),
        close: () => transport.close(),
        clock: redis.clockOf(plan),
      },
      sharedLimits: redis.process(plan),
    })
    onTestFinished(() => client.close())
    return client
  })
  return { time, redis, starts, clients }
}

const endless = function* (hosts: readonly string[] = ['a']) {
  for (let nth = 0; ; nth++) yield `http://${hosts[nth % hosts.length]}/${nth}`
}

/** Sends without end; the client's close ends it. */
function flood(client: ParallelRequests, hosts?: readonly string[]): void {
  void (async () => {
    for await (const _ of client.stream(endless(hosts))) void _
  })().catch(() => undefined)
}

const inMs = (starts: readonly Start[], fromMs: number, toMs: number): Start[] =>
  starts.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
const times = (starts: readonly Start[]): number[] => starts.map(({ atMs }) => atMs)

describe('four processes at 500 per second', () => {
  it.each([0.2, 5, 40])('together send that many, evenly, with a round trip of about %s ms', async rtt => {
    const random = randomFrom(7)
    const plan = { roundTripMs: () => rtt * (0.5 + random()) }
    const { time, starts, clients } = fleet([plan, plan, plan, plan], { rateLimit: '500/s' })
    for (const client of clients) flood(client)
    await time.advance(6_000)
    const steady = inMs(starts, 1_000, 6_000)
    expect(mostWithin(1_000, times(starts))).toBeLessThanOrEqual(525)
    expect(mostWithin(100, times(starts))).toBeLessThanOrEqual(50 + 1 + 12)
    expect(steady.length).toBeGreaterThanOrEqual(5 * 500 * 0.97)
    for (let nth = 0; nth < 4; nth++) {
      expect(steady.filter(({ process }) => process === nth).length).toBeGreaterThan(300)
    }
  })

  it('are not disturbed by clocks that differ by 5 min', async () => {
    const { time, starts, clients } = fleet([{ skewMs: 300_000 }, { skewMs: -300_000 }, {}, {}], { rateLimit: '500/s' })
    for (const client of clients) flood(client)
    await time.advance(5_000)
    expect(mostWithin(1_000, times(starts))).toBeLessThanOrEqual(525)
    expect(inMs(starts, 1_000, 5_000).length).toBeGreaterThanOrEqual(4 * 500 * 0.97)
  })
})

it('timers that are late cost nothing of the rate, and exceed it by little', async () => {
  const random = randomFrom(11)
  const plan = { lateMs: () => random() * 9, roundTripMs: () => 0.3 + random() }
  const { time, starts, clients } = fleet([plan, plan, plan, plan], { rateLimit: '500/s' })
  for (const client of clients) flood(client)
  await time.advance(5_000)
  expect(mostWithin(1_000, times(starts))).toBeLessThanOrEqual(510)
  expect(inMs(starts, 1_000, 5_000).length).toBeGreaterThanOrEqual(4 * 500 * 0.97)
})

describe('the rate of a host and the rate of all hosts', () => {
  it('both bind, over all processes', async () => {
    const options = { rateLimit: '500/s', perHost: { rateLimit: '150/s' } }
    const { time, starts, clients } = fleet([{}, {}, {}, {}], options)
    const hosts = ['a', 'b', 'c', 'd', 'e']
    for (const client of clients) flood(client, hosts)
    await time.advance(5_000)
    const steady = inMs(starts, 1_000, 5_000)
    for (const host of hosts) {
      const own = starts.filter(start => start.host === host)
      expect(mostWithin(1_000, times(own))).toBeLessThanOrEqual(150 * 1.05)
    }
    expect(mostWithin(1_000, times(starts))).toBeLessThanOrEqual(525)
    expect(steady.length).toBeGreaterThanOrEqual(4 * 500 * 0.97)
  })

  it('leave a fast host alone when another one is slow', async () => {
    const options = { rateLimit: '500/s', hosts: { slow: { rateLimit: '10/s' } } }
    const { time, starts, clients } = fleet([{}, {}], options)
    for (const client of clients) {
      flood(client, ['fast'])
      flood(client, ['slow'])
    }
    await time.advance(5_000)
    const slow = inMs(starts, 1_000, 5_000).filter(({ host }) => host === 'slow').length
    expect(slow).toBeGreaterThanOrEqual(36)
    expect(slow).toBeLessThanOrEqual(41)
    expect(inMs(starts, 1_000, 5_000).length).toBeGreaterThanOrEqual(4 * 500 * 0.95)
  })

  it('cost few refused calls when very many hosts wait for the rate of all', async () => {
    const { time, redis, starts, clients } = fleet([{}, {}], { rateLimit: '20/s' })
    const hosts = Array.from({ length: 300 }, (_, nth) => `h${nth}`)
    for (const client of clients) flood(client, hosts)
    await time.advance(5_000)
    expect(starts.length).toBeGreaterThanOrEqual(95)
    expect(starts.length).toBeLessThanOrEqual(102)
    // What was under way when the rate was first used up, and some for each slot.
    expect(redis.refused).toBeLessThan(2 * 16 + 4 * starts.length)
  })
})

it('a process with few requests leaves the rate to the others', async () => {
  const { time, starts, clients } = fleet([{}, {}], { rateLimit: '500/s' })
  const [busy, calm] = clients as [ParallelRequests, ParallelRequests]
  flood(busy)
  let ended = 0
  const ask = async (): Promise<void> => {
    await calm.request('http://a/calm')
    ended++
  }
  for (let nth = 0; nth < 40; nth++) {
    void ask()
    await time.advance(100)
  }
  expect(ended).toBeGreaterThanOrEqual(39)
  expect(inMs(starts, 1_000, 4_000).length).toBeGreaterThanOrEqual(3 * 500 * 0.95)
})

it('an interval longer than a second is spread evenly unless a burst is given', async () => {
  const { time, starts, clients } = fleet([{}], { rateLimit: '60/m' })
  for (const client of clients) flood(client)
  await time.advance(10_000)
  expect(starts.length).toBeLessThanOrEqual(11)
})

it('a burst goes at once, and only once for all processes', async () => {
  const { time, starts, clients } = fleet([{}, {}], { rateLimit: { limit: 10, interval: '1s', burst: 10 } })
  for (const client of clients) flood(client)
  await time.advance(1_000)
  expect(inMs(starts, 0, 100).length).toBeGreaterThanOrEqual(10)
  expect(inMs(starts, 0, 1_000).length).toBeLessThanOrEqual(20)
})

it('a request that costs several starts takes as many slots', async () => {
  const { time, starts, clients } = fleet([{}], { rateLimit: { limit: 100, interval: '1s', burst: 5 }, cost: 5 })
  for (const client of clients) flood(client)
  await time.advance(5_000)
  expect(starts.length).toBeGreaterThanOrEqual(97)
  expect(starts.length).toBeLessThanOrEqual(103)
})

it('every retry takes a slot of its own', async () => {
  const { time, starts, clients } = fleet(
    [{}],
    { rateLimit: '50/s', maxRetries: 3, retry: { backoff: () => 1, budget: { reserve: Infinity } } },
    () => ({
      status: 503,
    }),
  )
  for (const client of clients) flood(client)
  await time.advance(3_000)
  expect(starts.length).toBeGreaterThan(100)
  expect(mostWithin(1_000, times(starts))).toBeLessThanOrEqual(52)
})

it('a 429 of one process stops all of them within the horizon and a round trip', async () => {
  const roundTripMs = () => 4
  const plans = [{ roundTripMs }, { roundTripMs }, { roundTripMs }]
  let throttledAtMs = Infinity
  const { time, starts, clients } = fleet(plans, { rateLimit: '300/s' }, (url, nth) => {
    if (new URL(url).host !== 'a' || nth < 300 || throttledAtMs < Infinity) return OK
    throttledAtMs = time.now()
    return { status: 429, headers: { 'retry-after': '2' } }
  })
  for (const client of clients) flood(client, ['a', 'b'])
  await time.advance(5_000)
  const paused = inMs(starts, throttledAtMs + 204, throttledAtMs + 2_000)
  expect(paused.filter(({ host }) => host === 'a')).toEqual([])
  expect(paused.filter(({ host }) => host === 'b').length).toBeGreaterThan(200)
  const after = inMs(starts, throttledAtMs + 2_000, 5_000).filter(({ host }) => host === 'a')
  expect(new Set(after.map(({ process }) => process)).size).toBe(3)
})

describe('while Redis is away', () => {
  it('nothing is sent after the slots that were granted, and all goes on when it is back', async () => {
    const { time, redis, starts, clients } = fleet([{}, {}], { rateLimit: '200/s' })
    for (const client of clients) flood(client)
    await time.advance(2_000)
    redis.isAway = true
    await time.advance(10_000)
    expect(inMs(starts, 2_210, 12_000)).toEqual([])
    expect(redis.warnings).toHaveLength(2)
    expect(redis.warnings[0]).toContain('Requests wait until it can be used again.')
    redis.isAway = false
    await time.advance(3_000)
    expect(inMs(starts, 13_000, 15_000).length).toBeGreaterThanOrEqual(2 * 200 * 0.95)
    expect(mostWithin(1_000, times(starts))).toBeLessThanOrEqual(210)
  })

  it('localShare sends at the share of each process, for a minute', async () => {
    const plan = { localShare: true }
    const { time, redis, starts, clients } = fleet([plan, plan, plan, plan], { rateLimit: '100/s' })
    for (const client of clients) flood(client)
    await time.advance(3_000)
    redis.isAway = true
    await time.advance(70_000)
    const meanwhile = inMs(starts, 4_000, 62_000)
    expect(meanwhile.length).toBeGreaterThanOrEqual(58 * 100 * 0.95)
    expect(mostWithin(1_000, times(meanwhile))).toBeLessThanOrEqual(105)
    expect(inMs(starts, 64_000, 73_000)).toEqual([])
  })
})

describe('of four processes, one alone that has lost Redis', () => {
  const one = async (localShare: boolean) => {
    const made = fleet(
      Array.from({ length: 4 }, () => ({ localShare })),
      { rateLimit: '100/s' },
    )
    for (const client of made.clients) flood(client)
    await made.time.advance(3_000)
    made.redis.cutOff.add(0)
    await made.time.advance(20_000)
    return inMs(made.starts, 6_000, 23_000)
  }

  it('sends nothing, and the others send all of the rate', async () => {
    const starts = await one(false)
    expect(starts.filter(({ process }) => process === 0)).toEqual([])
    expect(starts.length).toBeGreaterThanOrEqual(17 * 100 * 0.97)
    expect(mostWithin(1_000, times(starts))).toBeLessThanOrEqual(105)
  })

  it('adds at most a quarter of the rate with localShare', async () => {
    const starts = await one(true)
    expect(starts.filter(({ process }) => process === 0).length).toBeGreaterThanOrEqual(17 * 25 * 0.9)
    expect(mostWithin(1_000, times(starts))).toBeLessThanOrEqual(125 * 1.05)
  })
})

/** Of the hosts in the tests, none has a rate. */
const UNLIMITED = { concurrency: 4, hosts: { other: { rateLimit: '1/s' } } }

describe('limits that are set for the name', () => {
  const rate = (limit: number, intervalMs = 1_000, burst = 1): Rate => ({ limit, intervalMs, burst })

  it.each([
    ['more', '100/s', 400],
    ['fewer', '400/s', 100],
  ])('let all processes send %s requests within a second', async (_, before, after) => {
    const { time, redis, starts, clients } = fleet([{}, {}, {}], { rateLimit: before })
    for (const client of clients) flood(client)
    await time.advance(3_000)
    redis.set = { revision: 1, limits: { all: [rate(after)] } }
    await time.advance(5_000)
    const steady = inMs(starts, 4_000, 8_000)
    expect(steady.length).toBeGreaterThanOrEqual(4 * after * 0.97)
    expect(mostWithin(1_000, times(steady))).toBeLessThanOrEqual(after * 1.05 + 1)
    expect(new Set(steady.map(({ process }) => process)).size).toBe(3)
  })

  it('wake a host that has waited for a slot of an hour', async () => {
    const { time, redis, starts, clients } = fleet([{}, {}], { hosts: { a: { rateLimit: '1/h' } } })
    for (const client of clients) flood(client)
    await time.advance(5_000)
    expect(starts).toHaveLength(1)
    redis.set = { revision: 1, limits: { hosts: { a: { rates: [rate(50)] } } } }
    await time.advance(5_000)
    expect(inMs(starts, 6_300, 10_000).length).toBeGreaterThanOrEqual(3.7 * 50 * 0.97)
  })

  it('limit processes that have no rate of their own', async () => {
    const { time, redis, starts, clients } = fleet([{}, {}], UNLIMITED, () => ({ ...OK, latencyMs: 5 }))
    for (const client of clients) flood(client)
    await time.advance(1_000)
    expect(starts.length).toBeGreaterThan(1_000)
    redis.set = { revision: 1, limits: { perHost: [rate(100)] } }
    await time.advance(4_000)
    expect(mostWithin(1_000, times(inMs(starts, 1_400, 5_000)))).toBeLessThanOrEqual(106)
    expect(inMs(starts, 2_000, 5_000).length).toBeGreaterThanOrEqual(3 * 100 * 0.97)
  })

  it('are followed by a process that starts later, whatever its own rate', async () => {
    const { time, redis, starts, clients } = fleet([{}, {}], { rateLimit: '500/s' })
    redis.set = { revision: 7, limits: { all: [rate(50)] } }
    for (const client of clients) flood(client)
    await time.advance(4_000)
    expect(mostWithin(1_000, times(starts))).toBeLessThanOrEqual(53)
  })

  it('are put back by the processes when Redis has lost all of its data', async () => {
    const { time, redis, starts, clients } = fleet([{}, {}], { rateLimit: '500/s' })
    redis.set = { revision: 7, limits: { all: [rate(50)] } }
    for (const client of clients) flood(client)
    await time.advance(2_000)
    redis.lose()
    await time.advance(3_000)
    expect(redis.set.revision).toBe(7)
    expect(mostWithin(1_000, times(inMs(starts, 2_000, 5_000)))).toBeLessThanOrEqual(56)
  })

  it('that are older than those a process knows are not followed', async () => {
    const { time, redis, starts, clients } = fleet([{}], { rateLimit: '500/s' })
    redis.set = { revision: 7, limits: { all: [rate(50)] } }
    for (const client of clients) flood(client)
    await time.advance(1_000)
    redis.set = { revision: 6, limits: { all: [rate(400)] } }
    await time.advance(3_000)
    expect(mostWithin(1_000, times(starts))).toBeLessThanOrEqual(53)
  })
})

describe('processes without any rate', () => {
  it('stop within the horizon and a round trip when a server asks one of them to pause', async () => {
    const busy = UNLIMITED
    let throttledAtMs = Infinity
    const { time, starts, clients } = fleet([{}, {}, {}], busy, (url, nth) => {
      if (new URL(url).host !== 'a' || nth < 500 || throttledAtMs < Infinity) return { ...OK, latencyMs: 5 }
      throttledAtMs = time.now()
      return { status: 429, headers: { 'retry-after': '2' } }
    })
    for (const client of clients) for (const host of ['a', 'b']) flood(client, [host])
    await time.advance(5_000)
    const paused = inMs(starts, throttledAtMs + 210, throttledAtMs + 2_000)
    expect(paused.filter(({ host }) => host === 'a')).toEqual([])
    expect(paused.filter(({ host }) => host === 'b').length).toBeGreaterThan(500)
    const after = inMs(starts, throttledAtMs + 2_000, 5_000).filter(({ host }) => host === 'a')
    expect(new Set(after.map(({ process }) => process)).size).toBe(3)
  })

  it('go on while Redis is away', async () => {
    const { time, redis, starts, clients } = fleet([{}], UNLIMITED, () => ({ ...OK, latencyMs: 5 }))
    for (const client of clients) flood(client)
    await time.advance(1_000)
    redis.isAway = true
    await time.advance(2_000)
    expect(inMs(starts, 2_000, 3_000).length).toBeGreaterThan(500)
  })
})

it('no process counts any more that has been silent for some seconds', async () => {
  const { time, starts, clients } = fleet([{}, {}, {}, {}], { rateLimit: '400/s' })
  for (const client of clients) flood(client)
  await time.advance(2_000)
  for (const client of clients.slice(1)) await client.close()
  await time.advance(6_000)
  expect(inMs(starts, 4_000, 8_000).length).toBeGreaterThanOrEqual(4 * 400 * 0.97)
})
