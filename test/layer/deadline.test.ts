/** `timeouts.total`: exact, over everything, and with one timer for all requests. */
import { expect, test } from 'vitest'
import { parallelRequests } from '../../src/index.ts'
import type { Outcome } from '../../src/index.ts'
import type { Call } from '../../src/core/call.ts'
import type { Result } from '../../src/core/result.ts'
import { deadline } from '../../src/layer/deadline.ts'
import { mockTransport, virtualClock } from '../../src/testing/index.ts'
import { makeCall, makeReply } from '../support/calls.ts'
import { promised, sending } from '../support/sends.ts'

const settleAll = { onFailure: 'settle' } as const

/** A layer below that does nothing until it is cancelled. */
const hang = ({ trip }: Call): Promise<Result> => new Promise(resolve => trip.cancelSlot.hold('wire', resolve))

test('a request ends at its deadline to the millisecond, wherever it is', async () => {
  const clock = virtualClock()
  const send = promised(deadline(clock)(sending(hang)))
  const result = send(makeCall({ timeouts: { totalMs: 1_234 } }))
  let ended = false
  void result.then(() => (ended = true))
  await clock.advance(1_233)
  expect(ended).toBe(false)
  await clock.advance(1)
  expect(ended).toBe(true)
  await expect(result).resolves.toMatchObject({ code: 'timeout/total', message: 'not finished within 1.2s in total' })
})

test('thousands of requests use one timer, and none when they are done', async () => {
  const clock = virtualClock()
  const answers: (() => void)[] = []
  const send = promised(deadline(clock)((_, done) => void answers.push(() => done(makeReply()))))
  const results = Array.from({ length: 5_000 }, (_, i) => send(makeCall({ timeouts: { totalMs: 1_000 + (i % 77) } })))
  expect(clock.pending).toBe(1)
  for (const answer of answers) answer()
  await Promise.all(results)
  expect(clock.pending).toBe(0)
})

test('a request without a deadline needs no timer, and one that is done leaves none behind even if it throws', async () => {
  const clock = virtualClock()
  await promised(deadline(clock)((_, done) => done(makeReply())))(makeCall())
  expect(clock.pending).toBe(0)
  const call = makeCall({ timeouts: { totalMs: 1_000 } })
  const broken = (): never => {
    throw new Error('at once')
  }
  expect(() => deadline(clock)(broken)(call, () => undefined)).toThrow('at once')
  expect(clock.pending).toBe(0)
})

test.each([
  ['the queue for a slot', { concurrency: 1 }, { latencyMs: 60_000 }],
  ['the queue for a rate', { rateLimit: '1/h' }, {}],
  ['the attempt', { timeout: '1h', timeouts: { headers: '1h', total: '10s' } }, { latencyMs: 60_000 }],
])('the deadline covers %s', async (_name, options, response) => {
  const transport = mockTransport(() => response)
  const outcomes = await parallelRequests(['http://a.test/1', 'http://a.test/2'], {
    ...settleAll,
    timeouts: { total: '10s' },
    ...options,
    transport,
  })
  const last = outcomes[1] as Outcome
  expect(last.error?.code).toBe('timeout/total')
  expect(last.timings.total).toBe(10_000)
})

test('a back-off that would end after the deadline is not started, and the real fault is reported at once', async () => {
  const transport = mockTransport(() => ({ status: 503, latencyMs: 100 }))
  const outcome = await parallelRequests('http://a.test/', {
    ...settleAll,
    transport,
    retry: { backoff: () => '20s' },
    timeouts: { total: '10s' },
  })
  expect(outcome.error?.code).toBe('http/503')
  expect(outcome.timings.total).toBe(100)
  expect(transport.requests).toHaveLength(1)
})

test('a pause that would end after the deadline fails at once, with the time to come back', async () => {
  const transport = mockTransport(() => ({ status: 429, headers: { 'retry-after': '20' } }))
  const outcome = await parallelRequests('http://a.test/', { ...settleAll, transport, timeouts: { total: '10s' } })
  expect(outcome.error).toMatchObject({ code: 'http/429', retryAt: expect.any(Number) })
  expect(outcome.timings.total).toBe(0)
  expect((outcome.error?.retryAt as number) - transport.clock.epochMs()).toBeGreaterThanOrEqual(20_000)
})
