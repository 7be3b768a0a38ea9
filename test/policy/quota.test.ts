/**
 * The server's quota as seen by the client: one test per rule, and a model of three kinds of servers that count.
 *
 * The model checks the promise: in whatever order requests arrive at the server and answers arrive here, no request
 * that started after the first answer is refused, every request ends, and the quota is used.
 */
import { describe, expect, test } from 'vitest'
import type { SeenQuota } from '../../src/policy/quota-headers.ts'
import { readQuotas } from '../../src/policy/quota-headers.ts'
import { quota } from '../../src/policy/quota.ts'
import type { QuotaLimit } from '../../src/policy/quota.ts'
import { makeCall } from '../support/calls.ts'
import { fc, randomFrom } from '../support/property.ts'
import { strictest } from '../support/strictest.ts'

const CALL = makeCall()

function seen(remaining: number, resetMs?: number): SeenQuota {
  return { remaining, resetMs, limit: undefined, windowMs: undefined }
}

/** With `running` attempts that started at time 0. */
function started(count: number): QuotaLimit {
  const limit = quota()
  for (let i = 0; i < count; i++) limit.book(0, CALL)
  return limit
}

function answered(limit: QuotaLimit, report: SeenQuota | undefined, startedAtMs: number, nowMs: number) {
  limit.release?.(CALL)
  return limit.learn(report, startedAtMs, nowMs)
}

/** How many may start now, one after the other. */
function room(limit: QuotaLimit, nowMs: number, most = 1_000): number {
  let count = 0
  for (; count < most && limit.waitMs(nowMs, CALL) === 0; count++) limit.book(nowMs, CALL)
  for (let i = 0; i < count; i++) answered(limit, undefined, -1, nowMs)
  return count
}

describe('A quota', () => {
  test('blocks nothing before the first report', () => {
    const limit = quota()
    expect([limit.waitsFor, limit.remaining, room(limit, 0)]).toEqual(['rate', undefined, 1_000])
  })

  test('allows as many in flight as remain, as if none of those in flight had been counted', () => {
    const limit = started(4)
    expect(answered(limit, seen(10, 5_000), 0, 100)).toBeUndefined()
    expect([limit.remaining, room(limit, 100)]).toEqual([10, 7])
  })

  test('blocks until a release once those in flight may use up the rest', () => {
    const limit = started(4)
    answered(limit, seen(3, 5_000), 0, 100)
    expect(limit.waitMs(100, CALL)).toBe(Infinity)
    answered(limit, seen(4, 5_000), 0, 120)
    expect([limit.remaining, limit.waitMs(120, CALL)]).toEqual([3, 0])
  })

  test('never blocks when nothing else is in flight', () => {
    for (const report of [seen(1), seen(0), seen(0, 5_000), seen(1, 5_000)]) {
      const limit = started(1)
      answered(limit, report, 0, 100)
      expect(limit.waitMs(100, CALL)).toBe(0)
    }
  })

  test('uses the smaller of two reports whose order is unknown', () => {
    const limit = started(3)
    answered(limit, seen(50, 5_000), 0, 100)
    answered(limit, seen(40, 5_000), 0, 110)
    answered(limit, seen(60, 5_000), 0, 120)
    expect(limit.remaining).toBe(40)
  })

  test('uses the report of an attempt that started after the last report, even in the same millisecond', () => {
    for (const startedAtMs of [100, 150]) {
      const limit = started(1)
      answered(limit, seen(5, 5_000), 0, 100)
      limit.book(startedAtMs, CALL)
      answered(limit, seen(99, 5_000), startedAtMs, 200)
      expect(limit.remaining).toBe(99)
    }
  })

  test('replaces a lower report only by one of an attempt that started later', () => {
    const limit = started(2)
    answered(limit, seen(50, 5_000), 0, 100)
    limit.book(110, CALL)
    answered(limit, seen(3, 5_000), 0, 120)
    answered(limit, seen(49, 5_000), 110, 130)
    expect(limit.remaining).toBe(3)
  })

  test('pauses the host until the renewal when nothing remains, then allows one probe', () => {
    const limit = started(1)
    expect(answered(limit, seen(0, 5_000), 0, 100)).toBe(5_100)
    expect([limit.remaining, room(limit, 5_100)]).toEqual([0, 1])
  })

  test('opens when its probe was answered', () => {
    const limit = started(1)
    answered(limit, seen(0, 5_000), 0, 100)
    limit.book(5_100, CALL)
    expect(limit.waitMs(5_100, CALL)).toBe(Infinity)
    answered(limit, seen(9, 5_000), 5_100, 5_200)
    expect(room(limit, 5_200)).toBe(9)
  })

  test('allows the next probe when the last one was lost', () => {
    const limit = started(1)
    answered(limit, seen(0, 5_000), 0, 100)
    limit.book(5_100, CALL)
    limit.release?.(CALL)
    expect(room(limit, 5_200)).toBe(1)
  })

  test('with nothing left ignores reports of attempts that started before that was known', () => {
    const limit = started(3)
    answered(limit, seen(0, 5_000), 0, 100)
    expect(answered(limit, seen(7, 5_000), 0, 200)).toBeUndefined()
    expect(limit.remaining).toBe(0)
    expect(answered(limit, seen(0, 5_500), 0, 300)).toBe(5_800)
  })

  test('forgets a report that nothing remains if it does not say for how long', () => {
    const limit = started(2)
    expect(answered(limit, seen(0), 0, 100)).toBeUndefined()
    expect([limit.remaining, room(limit, 100)]).toEqual([undefined, 999 + 1])
  })

  test('ignores an old report that nothing remains', () => {
    const limit = started(2)
    answered(limit, seen(5, 5_000), 0, 100)
    answered(limit, seen(0), 0, 110)
    expect(limit.remaining).toBe(5)
  })

  test('still bounds requests after its renewal until a newer report arrives', () => {
    const limit = started(2)
    answered(limit, seen(5, 5_000), 0, 100)
    expect(room(limit, 60_000)).toBe(4)
    limit.book(60_000, CALL)
    answered(limit, seen(90, 5_000), 60_000, 60_100)
    expect(room(limit, 60_100)).toBe(89)
  })

  test('counts attempts that were sent and never answered as used, until the renewal', () => {
    const limit = started(3)
    answered(limit, seen(5, 5_000), 0, 100)
    limit.release?.(CALL)
    expect(room(limit, 200)).toBe(3)
    limit.book(5_100, CALL)
    expect(room(limit, 5_100)).toBe(3)
    answered(limit, undefined, -1, 5_100)
    expect(room(limit, 5_100)).toBe(4)
  })

  test('keeps what was lost between two reports, and forgets what was lost before the first of them', () => {
    const limit = started(4)
    answered(limit, seen(10, 5_000), 0, 100)
    limit.release?.(CALL)
    limit.book(200, CALL)
    answered(limit, seen(10, 5_000), 200, 300)
    // Two in flight, and one that may have been counted after the report.
    expect(room(limit, 300)).toBe(7)
    limit.book(300, CALL)
    answered(limit, seen(10, 5_000), 300, 400)
    expect(room(limit, 400)).toBe(8)
  })

  test('keeps what was lost while all reports are of attempts that started before', () => {
    const limit = started(5)
    answered(limit, seen(10, 5_000), 0, 100)
    limit.release?.(CALL)
    answered(limit, seen(10, 5_000), 0, 120)
    answered(limit, seen(10, 5_000), 0, 130)
    expect(room(limit, 130)).toBe(8)
  })

  test('counts nothing for a reply that does not report it', () => {
    const limit = started(1)
    answered(limit, seen(2, 5_000), 0, 100)
    for (let i = 0; i < 10; i++) {
      limit.book(200, CALL)
      answered(limit, undefined, 200, 300)
    }
    expect([limit.remaining, room(limit, 300)]).toEqual([2, 2])
  })

  test('is forgotten when replies stop reporting it after the renewal, or in the answer to its probe', () => {
    for (const report of [seen(2, 5_000), seen(2), seen(0, 5_000)]) {
      const limit = started(1)
      answered(limit, report, 0, 100)
      limit.book(70_000, CALL)
      answered(limit, undefined, 70_000, 70_100)
      expect(limit.remaining).toBeUndefined()
    }
  })

  test('can be dropped when nothing is in flight and it has been renewed', () => {
    const limit = started(1)
    expect(limit.isIdle?.(0)).toBe(false)
    answered(limit, seen(5, 5_000), 0, 100)
    expect([limit.isIdle?.(5_099), limit.isIdle?.(5_100)]).toEqual([false, true])
    expect(quota().isIdle?.(0)).toBe(true)
  })

  test('does not change when it is checked', () => {
    const limit = started(2)
    answered(limit, seen(2, 5_000), 0, 100)
    for (let i = 0; i < 10; i++) expect(limit.waitMs(100, CALL)).toBe(0)
    limit.book(100, CALL)
    for (let i = 0; i < 10; i++) expect(limit.waitMs(100, CALL)).toBe(Infinity)
  })
})

/**
 * A server that counts: accepts a request at a given time or refuses it, and reports what remains and when more is
 * available.
 */
interface Counter {
  take(nowMs: number): boolean
  remaining(nowMs: number): number
  renewsInMs(nowMs: number): number
}

interface ServerPlan {
  readonly kind: 'fixed' | 'sliding' | 'sliding-to-full' | 'bucket' | 'bucket-to-full'
  readonly limit: number
  readonly windowMs: number
  readonly phaseMs: number
}

function counter({ kind, limit, windowMs, phaseMs }: ServerPlan): Counter {
  if (kind === 'fixed') {
    let [windowAt, used] = [-1, 0]
    const usedAt = (nowMs: number): number => {
      const at = Math.floor((nowMs + phaseMs) / windowMs)
      if (at > windowAt) [windowAt, used] = [at, 0]
      return used
    }
    return {
      take: nowMs => usedAt(nowMs) < limit && used++ >= 0,
      remaining: nowMs => limit - usedAt(nowMs),
      renewsInMs: nowMs => windowMs - ((nowMs + phaseMs) % windowMs),
    }
  }
  if (kind === 'bucket' || kind === 'bucket-to-full') {
    let [tokens, atMs] = [limit, 0]
    const tokensAt = (nowMs: number): number => {
      tokens = Math.min(limit, tokens + ((nowMs - atMs) * limit) / windowMs)
      atMs = nowMs
      return tokens + 1e-9
    }
    return {
      take: nowMs => tokensAt(nowMs) >= 1 && tokens-- > 0,
      remaining: nowMs => Math.floor(tokensAt(nowMs)),
      renewsInMs: nowMs => (((kind === 'bucket' ? 1 : limit) - (tokensAt(nowMs) % limit)) * windowMs) / limit,
    }
  }
  const takenMs: number[] = []
  const takenAt = (nowMs: number): number => {
    while (takenMs.length > 0 && (takenMs[0] as number) + windowMs <= nowMs) takenMs.shift()
    return takenMs.length
  }
  return {
    take: nowMs => takenAt(nowMs) < limit && takenMs.push(nowMs) > 0,
    remaining: nowMs => limit - takenAt(nowMs),
    renewsInMs: nowMs => ((kind === 'sliding' ? takenMs[0] : takenMs.at(-1)) ?? nowMs) + windowMs - nowMs,
  }
}

interface Model extends ServerPlan {
  readonly concurrency: number
  readonly requests: number
  /** Each direction takes between these numbers of milliseconds. */
  readonly wayMs: number
  readonly spread: number
  readonly round: 'floor' | 'ceil'
  readonly dialect: 'ietf' | 'ietf-bare' | 'x'
  readonly lossRate: number
  readonly chance: number
}

interface Report {
  /** Refusals of requests that started after everything that was in flight at the first answer had ended. */
  readonly refused: number
  readonly refusedAtAll: number
  /** Requests sent while nothing else was in flight: the price of never hanging. */
  readonly alone: number
  readonly done: number
  readonly takenAtMs: readonly number[]
}

/** Run more of them with `RUNS=10000`. */
const RUNS = Number(process.env['RUNS'] ?? 200)
const EPOCH_MS = Date.UTC(2026, 0, 1)

/** A lane in front of the server: its slots and its pause, and after the pause one request, then twice as many. */
function run(model: Model, limit: QuotaLimit): Report {
  const { concurrency, requests, wayMs, spread, round, dialect, lossRate } = model
  const random = randomFrom(model.chance)
  const server = counter(model)
  const events: { atMs: number; order: number; happen: () => void }[] = []
  const takenAtMs: number[] = []
  let [nowMs, order, inFlight, waiting, done, refused, refusedAtAll, alone] = [0, 0, 0, requests, 0, 0, 0, 0]
  let [pausedUntilMs, most, firstAnswerAtMs, unaware] = [0, Infinity, Infinity, 0]
  const later = (inMs: number, happen: () => void): void => {
    events.push({ atMs: nowMs + inMs, order: order++, happen })
  }
  const way = (): number => wayMs * (1 + (spread - 1) * random() ** 3)

  function serve(): void {
    if (nowMs < pausedUntilMs) return
    while (waiting > 0 && inFlight < Math.min(concurrency, most)) {
      const waitMs = limit.waitMs(nowMs, CALL)
      if (waitMs > 0) {
        if (inFlight === 0) throw new Error('hangs')
        return
      }
      start()
    }
  }

  function start(): void {
    const startedAtMs = nowMs
    const isUnaware = firstAnswerAtMs === Infinity
    if (isUnaware) unaware++
    const isLate = !isUnaware && unaware === 0
    limit.book(nowMs, CALL)
    if (inFlight === 0) alone++
    inFlight++
    waiting--
    const fate = random()
    // Lost on the way to the server, or the answer on the way back.
    if (fate < lossRate / 2) return later(way(), () => lose(isUnaware))
    later(way(), () => {
      const ok = server.take(nowMs)
      if (ok) takenAtMs.push(nowMs)
      else refusedAtAll++
      if (!ok && isLate) refused++
      const headers = publish(server)
      if (fate < lossRate) later(way(), () => lose(isUnaware))
      else later(way(), () => finish(ok, headers, startedAtMs, isUnaware))
    })
  }

  function publish(counted: Counter): string[] {
    const remaining = counted.remaining(nowMs)
    const seconds = Math[round](counted.renewsInMs(nowMs) / 1_000)
    if (dialect === 'x') {
      const resetAt = Math[round]((EPOCH_MS + nowMs + counted.renewsInMs(nowMs)) / 1_000)
      const date = new Date(EPOCH_MS + nowMs).toUTCString()
      return ['date', date, 'x-ratelimit-remaining', `${remaining}`, 'x-ratelimit-reset', `${resetAt}`]
    }
    const policy = ['ratelimit-policy', `"p";q=${model.limit};w=${model.windowMs / 1_000}`]
    return ['ratelimit', `"p";r=${remaining};t=${seconds}`, ...(dialect === 'ietf' ? policy : [])]
  }

  function lose(isUnaware: boolean): void {
    inFlight--
    if (isUnaware) unaware--
    waiting++
    limit.release?.(CALL)
    serve()
  }

  function finish(ok: boolean, headers: string[], startedAtMs: number, isUnaware: boolean): void {
    inFlight--
    if (isUnaware) unaware--
    if (ok) done++
    else waiting++
    limit.release?.(CALL)
    firstAnswerAtMs = Math.min(firstAnswerAtMs, nowMs)
    most *= 2
    const untilMs = limit.learn(strictest(readQuotas(headers, EPOCH_MS + nowMs)), startedAtMs, nowMs)
    if (untilMs !== undefined && untilMs > pausedUntilMs) {
      ;[pausedUntilMs, most] = [untilMs, 1]
      later(untilMs - nowMs, serve)
    }
    serve()
  }

  serve()
  for (let step = 0; events.length > 0; step++) {
    if (step > 100_000) throw new Error('never ends')
    let next = 0
    for (let i = 1; i < events.length; i++) {
      const [a, b] = [events[i]!, events[next]!]
      if (a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)) next = i
    }
    const event = events[next]!
    events[next] = events.at(-1)!
    events.pop()
    nowMs = event.atMs
    event.happen()
  }
  return { refused, refusedAtAll, alone, done, takenAtMs }
}

const models: fc.Arbitrary<Model> = fc.record({
  kind: fc.constantFrom('fixed', 'sliding', 'sliding-to-full', 'bucket', 'bucket-to-full'),
  limit: fc.integer({ min: 1, max: 120 }),
  windowMs: fc.constantFrom(1_000, 2_000, 5_000, 10_000, 60_000),
  phaseMs: fc.nat(60_000),
  concurrency: fc.integer({ min: 1, max: 50 }),
  requests: fc.integer({ min: 1, max: 400 }),
  wayMs: fc.constantFrom(0, 1, 20, 300),
  spread: fc.constantFrom(1, 3, 40),
  round: fc.constantFrom('floor', 'ceil'),
  dialect: fc.constantFrom('ietf', 'ietf-bare', 'x'),
  lossRate: fc.constant(0),
  chance: fc.nat(),
})

describe('At a server that counts and publishes its quota', () => {
  test('no request is refused that started after the first answer and the requests in flight by then, and all end', () => {
    fc.assert(
      fc.property(models, model => {
        const { refused, done } = run(model, quota())
        expect({ refused, done }).toEqual({ refused: 0, done: model.requests })
      }),
      { numRuns: RUNS },
    )
  })

  test('no request is refused at all when the first ones do not ask for more than the whole quota', () => {
    fc.assert(
      fc.property(models, model => {
        const concurrency = Math.min(model.concurrency, model.limit)
        const { refusedAtAll, done } = run({ ...model, concurrency }, quota())
        expect({ refusedAtAll, done }).toEqual({ refusedAtAll: 0, done: model.requests })
      }),
      { numRuns: RUNS },
    )
  })

  test('if answers get lost, only a request that went alone may be refused, and all end', () => {
    fc.assert(
      fc.property(models, fc.constantFrom(0.02, 0.2, 0.7), (model, lossRate) => {
        const { refused, alone, done } = run({ ...model, lossRate }, quota())
        expect(done).toBe(model.requests)
        expect(refused).toBeLessThanOrEqual(alone)
      }),
      { numRuns: RUNS },
    )
  })

  const busy = fc.record({
    kind: fc.constantFrom('fixed' as const, 'bucket' as const, 'sliding' as const),
    limit: fc.constantFrom(10, 30, 100),
    windowMs: fc.constantFrom(10_000, 20_000, 60_000),
    concurrency: fc.integer({ min: 5, max: 50 }),
    wayMs: fc.constantFrom(1, 10, 50),
    spread: fc.constantFrom(1, 3, 10),
  })

  test('at least nine tenths of a quota are used, less the seconds by which a sliding window is rounded up', () => {
    fc.assert(
      fc.property(models, busy, (model, changes) => {
        const { kind, limit, windowMs, phaseMs } = { ...model, ...changes }
        const { takenAtMs } = run({ ...model, ...changes, requests: limit * 8 }, quota())
        if (kind === 'fixed') {
          const perWindow = Object.values(Object.groupBy(takenAtMs, ms => Math.floor((ms + phaseMs) / windowMs)))
          for (const taken of perWindow.slice(1, -1)) expect(taken?.length).toBeGreaterThanOrEqual(0.9 * limit)
          return
        }
        const lastMs = takenAtMs.at(-1) as number
        // A window begins with its first request, so each delay is lost: its own rounding, that of the `Date`, and the
        // second that we add.
        const cycleMs = kind === 'sliding' ? windowMs + 3_000 : windowMs
        expect((takenAtMs.length - limit) / limit).toBeGreaterThanOrEqual(0.9 * (lastMs / cycleMs))
      }),
      { numRuns: RUNS / 2 },
    )
  })

  test('a limit that trusts only the latest report is refused, so the model can fail', () => {
    fc.assert(
      fc.property(fc.nat(), chance => {
        let [running, remaining] = [0, Infinity]
        const naive: QuotaLimit = {
          waitsFor: 'rate',
          remaining: undefined,
          waitMs: () => (running === 0 || running < remaining ? 0 : Infinity),
          book: () => void running++,
          release: () => void running--,
          excuse: () => undefined,
          learn(report, _startedAtMs, nowMs) {
            remaining = report?.remaining ?? Infinity
            return remaining === 0 ? nowMs + (report?.resetMs ?? 0) : undefined
          },
        }
        const model = { kind: 'fixed', limit: 40, windowMs: 2_000, phaseMs: 0, concurrency: 40, requests: 400 } as const
        const rest = { wayMs: 20, spread: 40, round: 'floor', dialect: 'ietf', lossRate: 0, chance } as const
        expect(run({ ...model, ...rest }, naive).refusedAtAll).toBeGreaterThan(0)
      }),
      { numRuns: 5 },
    )
  })
})
