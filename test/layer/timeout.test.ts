/** The limits of one attempt: exact to the millisecond, and named after the phase in which they struck. */
import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/core/attempt.ts'
import { fault } from '../../src/core/result.ts'
import type { Phase, Result } from '../../src/core/result.ts'
import { timeout } from '../../src/layer/timeout.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { makeAttempt, makeReply } from '../support/calls.ts'
import { fc } from '../support/property.ts'

const LIMITS = { attemptMs: 30_000, connectMs: 10_000, headersMs: 20_000, idleMs: 5_000 }

/** An attempt that goes through these phases at these times and then hangs. */
function run(phases: readonly (readonly [Phase, number])[], limits: Partial<typeof LIMITS> = {}) {
  const clock = virtualClock()
  const attempt = makeAttempt({ timeouts: { ...LIMITS, ...limits } })
  let aborted = 0
  attempt.abort = () => aborted++
  for (const [phase, atMs] of phases) {
    clock.after(atMs, () => {
      attempt.phase = phase
      attempt.phaseAtMs = clock.now()
    })
  }
  let endedAtMs = -1
  const result = timeout(clock)(() => new Promise(() => undefined))(attempt)
  void result.then(() => (endedAtMs = clock.now()))
  return { clock, attempt, result, endedAtMs: () => endedAtMs, aborted: () => aborted }
}

describe('A limit', () => {
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
  ])('(%s) strikes on its millisecond and names the phase.', async (_name, phases, limits, code, atMs) => {
    const { clock, result, endedAtMs, aborted } = run(phases, limits)
    await clock.advance(100_000)
    expect(endedAtMs()).toBe(atMs)
    await expect(result).resolves.toMatchObject({ code })
    expect(aborted()).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('strikes exactly where the phases say, whatever they are.', async () => {
    const ms = fc.integer({ min: 1, max: 300 })
    await fc.assert(
      fc.asyncProperty(
        fc.record({ attemptMs: ms, connectMs: ms, headersMs: ms, idleMs: ms }),
        fc.integer({ min: 0, max: 300 }),
        fc.array(ms, { maxLength: 5 }),
        async (limits, headersAtMs, pieces) => {
          const phases: [Phase, number][] = [['headers', headersAtMs + 0.5]]
          // The fractions keep two things from falling on the same moment.
          for (const pieceMs of pieces) phases.push(['body', (phases.at(-1) as [Phase, number])[1] + pieceMs + 2 ** -5])
          // The model: walk through the phases and stop at the first due time that comes before the next of them.
          let [phase, sinceMs]: [Phase, number] = ['connect', 0]
          const due = (): number =>
            sinceMs + (phase === 'connect' ? limits.connectMs : phase === 'headers' ? limits.headersMs : limits.idleMs)
          for (const [next, atMs] of phases) {
            if (Math.min(due(), limits.attemptMs) <= atMs) break
            ;[phase, sinceMs] = [next, atMs]
          }
          const { clock, result, endedAtMs } = run(phases, limits)
          await clock.advance(5_000)
          expect(endedAtMs()).toBe(Math.min(due(), limits.attemptMs))
          expect((await result) as { code?: string }).toMatchObject({ code: `timeout/${phase}` })
        },
      ),
      { numRuns: 100 },
    )
  })

  test('of Infinity never strikes.', async () => {
    const none = { attemptMs: Infinity, connectMs: Infinity, headersMs: Infinity, idleMs: Infinity }
    const { clock, endedAtMs } = run([['headers', 5]], none)
    await clock.advance(1e9)
    expect(endedAtMs()).toBe(-1)
    expect(clock.pending).toBe(0)
  })

  test('says whether anything had been sent.', async () => {
    for (const sent of [true, false]) {
      const { clock, attempt, result } = run([])
      attempt.sent = sent
      await clock.advance(100_000)
      await expect(result).resolves.toMatchObject({ sent })
    }
  })
})

describe('The layer', () => {
  test('needs one timer for thousands of attempts, and none when they are done.', async () => {
    const clock = virtualClock()
    const answers: ((result: Result) => void)[] = []
    const send = timeout(clock)(() => new Promise(resolve => answers.push(resolve)))
    const results = Array.from({ length: 5_000 }, () => send(makeAttempt({ timeouts: LIMITS })))
    expect(clock.pending).toBe(1)
    await clock.advance(1_000)
    expect(clock.pending).toBe(1)
    for (const answer of answers) answer(makeReply())
    await Promise.all(results)
    expect(clock.pending).toBe(0)
  })

  test('counts from when the attempt left the gate, not from when it was made.', async () => {
    const clock = virtualClock()
    await clock.advance(50_000)
    const attempt = makeAttempt({ timeouts: LIMITS, nowMs: 0 })
    attempt.startedAtMs = attempt.phaseAtMs = 50_000
    let endedAtMs = -1
    void timeout(clock)(() => new Promise(() => undefined))(attempt).then(() => (endedAtMs = clock.now()))
    await clock.advance(100_000)
    expect(endedAtMs).toBe(60_000)
  })

  test('settles once: what the wire says after the limit is not heard.', async () => {
    const clock = virtualClock()
    let answer: (result: Result) => void = () => undefined
    const result = timeout(clock)(() => new Promise(resolve => (answer = resolve)))(makeAttempt({ timeouts: LIMITS }))
    await clock.advance(10_000)
    answer(makeReply())
    await expect(result).resolves.toMatchObject({ code: 'timeout/connect' })
  })

  test('ends the attempt when the request is cancelled, and stops the wire.', async () => {
    const { attempt, result, aborted, clock } = run([])
    attempt.sent = true
    attempt.trip.cancel(fault('aborted/in_flight', 'enough'))
    await expect(result).resolves.toMatchObject({ code: 'aborted/in_flight', sent: true })
    expect(aborted()).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('sends nothing for a request that was cancelled before.', async () => {
    const clock = virtualClock()
    const attempt = makeAttempt()
    attempt.trip.cancel(fault('aborted/in_flight', 'enough'))
    let sent = 0
    const result = timeout(clock)((): Promise<Result> => {
      sent++
      return Promise.resolve(makeReply())
    })(attempt)
    await expect(result).resolves.toMatchObject({ code: 'aborted/in_flight', sent: false })
    expect(sent).toBe(0)
  })

  test('turns a wire that rejects into a fault of its own request.', async () => {
    const send = timeout(virtualClock())((_: Attempt) => Promise.reject(new Error('broken wire')))
    await expect(send(makeAttempt())).resolves.toMatchObject({
      code: 'internal/transport',
      message: 'the transport threw: broken wire',
    })
  })

  test('turns a wire that throws into a fault of its own request.', async () => {
    const send = timeout(virtualClock())((_: Attempt) => {
      throw new Error('broken wire')
    })
    await expect(send(makeAttempt())).resolves.toMatchObject({ code: 'internal/transport' })
  })
})
