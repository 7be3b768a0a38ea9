/** The timeouts of one attempt: exact to the millisecond, and named after the phase in which they passed. */
import { describe, expect, test } from 'vitest'
import { pauseClocks, resumeClocks } from '../../src/core/attempt.ts'
import type { SpeedPlan } from '../../src/core/call.ts'
import { fault } from '../../src/core/result.ts'
import type { Phase, Result } from '../../src/core/result.ts'
import { timeout } from '../../src/layer/timeout.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { makeAttempt, makeReply } from '../support/calls.ts'
import { promised, sending } from '../support/sends.ts'
import { fc } from '../support/property.ts'

const LIMITS = { attemptMs: 30_000, connectMs: 10_000, headersMs: 20_000, idleMs: 5_000 }

/** An attempt that goes through these phases at these times and then hangs. */
function run(phases: readonly (readonly [Phase, number])[], limits: Partial<typeof LIMITS> = {}, minSpeed?: SpeedPlan) {
  const clock = virtualClock()
  const attempt = makeAttempt({ timeouts: { ...LIMITS, ...limits }, ...(minSpeed && { plan: { minSpeed } }) })
  let aborted = 0
  attempt.abort = () => aborted++
  for (const [phase, atMs] of phases) {
    clock.after(atMs, () => {
      attempt.phase = phase
      attempt.phaseAtMs = clock.now()
    })
  }
  let endedAtMs = -1
  const result = promised(timeout(clock)(() => undefined))(attempt)
  void result.then(() => (endedAtMs = clock.now()))
  return { clock, attempt, result, endedAtMs: () => endedAtMs, aborted: () => aborted }
}

describe('a timeout', () => {
  test.each<[string, readonly (readonly [Phase, number])[], Partial<typeof LIMITS>, string, number]>([
    ['connect, looking up', [['dns', 0]], {}, 'timeout/dns', 10_000],
    ['connect, connecting', [['connect', 3]], {}, 'timeout/connect', 10_000],
    ['connect, in TLS', [['tls', 9_999]], {}, 'timeout/tls', 10_000],
    ['headers', [['headers', 9_000]], {}, 'timeout/headers', 29_000],
    ['headers of a reused connection', [['headers', 0]], {}, 'timeout/headers', 20_000],
    [
      'idle',
      [
        ['headers', 1],
        ['body', 7],
      ],
      {},
      'timeout/body',
      5_007,
    ],
    [
      'idle, after pieces',
      [
        ['headers', 1],
        ['body', 7],
        ['body', 4_000],
        ['body', 8_999],
      ],
      {},
      'timeout/body',
      13_999,
    ],
    ['the attempt, connecting', [], { attemptMs: 50 }, 'timeout/connect', 50],
    ['the attempt, waiting', [['headers', 10]], { attemptMs: 50 }, 'timeout/headers', 50],
    [
      'the attempt, reading',
      [
        ['headers', 10],
        ['body', 20],
      ],
      { attemptMs: 50 },
      'timeout/body',
      50,
    ],
    ['headers shorter than connect', [['headers', 7_000]], { headersMs: 100 }, 'timeout/headers', 7_100],
    [
      'idle shorter than all',
      [
        ['headers', 7_000],
        ['body', 7_050],
      ],
      { headersMs: 100, idleMs: 10 },
      'timeout/body',
      7_060,
    ],
  ])('(%s) ends the attempt on its millisecond and names the phase', async (_name, phases, limits, code, atMs) => {
    const { clock, result, endedAtMs, aborted } = run(phases, limits)
    await clock.advance(100_000)
    expect(endedAtMs()).toBe(atMs)
    await expect(result).resolves.toMatchObject({ code })
    expect(aborted()).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('ends the attempt exactly where the phases imply, whatever they are', async () => {
    const ms = fc.integer({ min: 1, max: 300 })
    await fc.assert(
      fc.asyncProperty(
        fc.record({ attemptMs: ms, connectMs: ms, headersMs: ms, idleMs: ms }),
        fc.integer({ min: 0, max: 300 }),
        fc.array(ms, { maxLength: 5 }),
        // They keep two events from falling on the same moment; sums of most of them are rounded.
        fc.constantFrom(2 ** -5, 0.1, 1 / 7, 1 / 3),
        async (limits, headersAtMs, pieces, fraction) => {
          const phases: [Phase, number][] = [['headers', headersAtMs + 0.5]]
          for (const pieceMs of pieces)
            phases.push(['body', (phases.at(-1) as [Phase, number])[1] + pieceMs + fraction])
          // The model: walk through the phases, and stop at the first due time before the next of them.
          let [phase, sinceMs]: [Phase, number] = ['connect', 0]
          const due = (): number =>
            sinceMs + (phase === 'connect' ? limits.connectMs : phase === 'headers' ? limits.headersMs : limits.idleMs)
          for (const [next, atMs] of phases) {
            if (Math.min(due(), limits.attemptMs) <= atMs) break
            ;[phase, sinceMs] = [next, atMs]
          }
          const { clock, result, endedAtMs } = run(phases, limits)
          await clock.advance(5_000)
          expect(endedAtMs()).toBeCloseTo(Math.min(due(), limits.attemptMs), 6)
          expect((await result) as { code?: string }).toMatchObject({ code: `timeout/${phase}` })
        },
      ),
      { numRuns: 300 },
    )
  })

  test('of Infinity never ends an attempt', async () => {
    const none = { attemptMs: Infinity, connectMs: Infinity, headersMs: Infinity, idleMs: Infinity }
    const { clock, endedAtMs } = run([['headers', 5]], none, { bytesPerSecond: 0, overMs: 1 })
    await clock.advance(1e9)
    expect(endedAtMs()).toBe(-1)
    expect(clock.pending).toBe(0)
  })

  test('reports whether anything had been sent', async () => {
    for (const sent of [true, false]) {
      const { clock, attempt, result } = run([])
      attempt.sent = sent
      await clock.advance(100_000)
      await expect(result).resolves.toMatchObject({ sent })
    }
  })
})

describe('minSpeed', () => {
  const NONE = { attemptMs: Infinity, idleMs: 400 }
  const SPEED = { bytesPerSecond: 100, overMs: 5_000 }

  /** A body that begins after a second and arrives at changing speeds: bytes per 100 ms, and for how many ms. */
  function download(speeds: readonly (readonly [bytes: number, forMs: number])[], plan: SpeedPlan = SPEED) {
    const made = run([['headers', 10]], NONE, plan)
    const { clock, attempt } = made
    let atMs = 1_000
    clock.after(atMs, () => {
      attempt.phase = 'body'
      attempt.phaseAtMs = clock.now()
    })
    for (const [bytes, forMs] of speeds) {
      for (const endMs = atMs + forMs; atMs < endMs;) {
        atMs += 100
        clock.after(atMs, () => {
          attempt.phaseAtMs = clock.now()
          attempt.bodyBytes += bytes
        })
      }
    }
    return made
  }

  test.each([
    ['slow from the start', [[9, 60_000]], 6_000, 8_000],
    [
      'slow after a fast beginning',
      [
        [1_000, 20_000],
        [9, 60_000],
      ],
      26_000,
      28_000,
    ],
  ] as const)('ends a body that is %s, one window later', async (_name, speeds, fromMs, toMs) => {
    const { clock, result, endedAtMs, aborted } = download(speeds)
    await clock.advance(200_000)
    await expect(result).resolves.toMatchObject({ code: 'timeout/low_speed' })
    expect(endedAtMs()).toBeGreaterThanOrEqual(fromMs)
    expect(endedAtMs()).toBeLessThanOrEqual(toMs)
    expect(aborted()).toBe(1)
  })

  test.each([
    ['just fast enough', [[11, 60_000]], SPEED],
    [
      'in bursts that make up for the waits',
      [
        [600, 100],
        [1, 2_000],
        [600, 100],
        [1, 2_000],
        [600, 100],
        [1, 2_000],
        [600, 100],
      ],
      SPEED,
    ],
    ['slow, without a minimum speed', [[1, 60_000]], { bytesPerSecond: 0, overMs: 5_000 }],
  ] as const)('does not end a body that is %s', async (_name, speeds, plan) => {
    const { clock, result } = download(speeds, plan)
    await clock.advance(200_000)
    // In the end nothing arrives at all, which is another timeout.
    await expect(result).resolves.toMatchObject({ code: 'timeout/body' })
  })

  test('does not count the time in which the body is not read, and neither does any timeout of the attempt', async () => {
    const { clock, attempt, endedAtMs } = run([['body', 1_000]], { attemptMs: 4_000, idleMs: 3_000 }, SPEED)
    clock.after(2_000, () => pauseClocks(attempt, clock.now()))
    clock.after(102_000, () => resumeClocks(attempt, clock.now()))
    await clock.advance(103_999)
    expect(endedAtMs()).toBe(-1)
    await clock.advance(10_000)
    // Two of its four seconds had passed.
    expect(endedAtMs()).toBe(104_000)
  })

  test('lets its timer rest during that time, however little was left of a timeout', async () => {
    const { clock, attempt, endedAtMs } = run([['body', 1_000]], { attemptMs: 4_000, idleMs: 10_000 })
    clock.after(3_999.999, () => pauseClocks(attempt, clock.now()))
    clock.after(63_999.999, () => resumeClocks(attempt, clock.now()))
    let timers = 0
    while (endedAtMs() === -1 && timers < 10_000 && clock.advanceToNext()) {
      timers++
      await new Promise(resolve => setImmediate(resolve))
    }
    // After a minute of it, the timeout is almost on time.
    expect(timers).toBeLessThan(60_000 / 20 + 20)
    expect(endedAtMs()).toBeGreaterThanOrEqual(64_000)
    expect(endedAtMs()).toBeLessThanOrEqual(64_020)
  })
})

describe('the timeout layer', () => {
  test('needs one timer for thousands of attempts, and none when they are done', async () => {
    const clock = virtualClock()
    const answers: ((result: Result) => void)[] = []
    const send = promised(timeout(clock)((_, done) => void answers.push(done)))
    const results = Array.from({ length: 5_000 }, () => send(makeAttempt({ timeouts: LIMITS })))
    expect(clock.pending).toBe(1)
    await clock.advance(1_000)
    expect(clock.pending).toBe(1)
    for (const answer of answers) answer(makeReply())
    await Promise.all(results)
    expect(clock.pending).toBe(0)
  })

  test('counts from when the attempt left the gate, not from when it was made', async () => {
    const clock = virtualClock()
    await clock.advance(50_000)
    const attempt = makeAttempt({ timeouts: LIMITS, nowMs: 0 })
    attempt.startedAtMs = attempt.phaseAtMs = 50_000
    let endedAtMs = -1
    void promised(timeout(clock)(() => undefined))(attempt).then(() => (endedAtMs = clock.now()))
    await clock.advance(100_000)
    expect(endedAtMs).toBe(60_000)
  })

  test('settles once, and ignores what the transport reports after the timeout', async () => {
    const clock = virtualClock()
    let answer: (result: Result) => void = () => undefined
    const result = promised(timeout(clock)((_, done) => (answer = done)))(makeAttempt({ timeouts: LIMITS }))
    await clock.advance(10_000)
    answer(makeReply())
    await expect(result).resolves.toMatchObject({ code: 'timeout/connect' })
  })

  test('ends the attempt when the request is cancelled, and aborts the transport', async () => {
    const { attempt, result, aborted, clock } = run([])
    attempt.sent = true
    attempt.trip.cancelSlot.cancel(fault('aborted/in_flight', 'enough'))
    await expect(result).resolves.toMatchObject({ code: 'aborted/in_flight', sent: true })
    expect(aborted()).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('sends nothing for a request that was cancelled before', async () => {
    const clock = virtualClock()
    const attempt = makeAttempt()
    attempt.trip.cancelSlot.cancel(fault('aborted/in_flight', 'enough'))
    let sent = 0
    const wire = sending((): Promise<Result> => {
      sent++
      return Promise.resolve(makeReply())
    })
    const result = promised(timeout(clock)(wire))(attempt)
    await expect(result).resolves.toMatchObject({ code: 'aborted/in_flight', sent: false })
    expect(sent).toBe(0)
  })

  test('turns a transport that throws into a fault of its own request', async () => {
    const send = promised(
      timeout(virtualClock())(() => {
        throw new Error('broken wire')
      }),
    )
    await expect(send(makeAttempt())).resolves.toMatchObject({
      code: 'internal/transport',
      message: 'the transport threw: broken wire',
    })
  })
})
