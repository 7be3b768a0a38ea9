import { expect, test } from 'vitest'
import type { Call } from '../../src/core/call.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import type { Clock } from '../../src/core/ports.ts'
import { Tally } from '../../src/core/tally.ts'
import { Trip } from '../../src/core/trip.ts'

const clock: Clock = { now: () => 5_000, epochMs: () => 5_000, after: () => ({ cancel: () => undefined }) }

/** The n-th outcome. Every fifth had to connect, and every seventh failed: they are counted by themselves. */
function nth(n: number): [Outcome, Call] {
  const trip = new Trip(0, n, Infinity)
  trip.retry.attempts = 1
  Object.assign(trip.stopwatch, { queueMs: 2, firstByteMs: n % 40, bodyMs: 1 })
  const timings = { total: (n % 40) + 3, queue: 2, firstByte: n % 40, body: 1 }
  if (n % 5 === 0) trip.stopwatch.connectMs = 4
  const ok = n % 7 !== 0
  const outcome = {
    ok,
    attempts: 1,
    source: 'network',
    response: { status: ok ? 200 + (n % 2) : 503, bytes: n },
    timings: { ...timings, ...(n % 5 === 0 && { connect: 4 }) },
    ...(!ok && { error: { code: 'http/503' } }),
  }
  return [outcome as unknown as Outcome, { origin: `http://h${n % 3}.test`, trip } as unknown as Call]
}

const sum = (count: number, of: (n: number) => number): number =>
  Array.from({ length: count }, (_, n) => of(n)).reduce((a, b) => a + b, 0)

test.each([1, 127, 128, 129, 400])('statistics after %d outcomes have every one of them', count => {
  const tally = new Tally(clock)
  for (let n = 0; n < count; n++) tally.add(...nth(n))
  const failed = sum(count, n => Number(n % 7 === 0))
  for (const found of [tally.snapshot(), tally.snapshot(), merged(tally).snapshot()]) {
    expect(found).toMatchObject({ requests: count, failed, attempts: count, bytes: sum(count, n => n) })
    expect(found.statuses['201'] ?? 0).toBe(sum(count, n => Number(n % 7 !== 0 && n % 2 === 1)))
    expect(found.timings.total?.count).toBe(count)
    expect(found.timings.queue).toMatchObject({ count, min: 2, max: 2 })
    expect(found.timings.connect?.count).toBe(sum(count, n => Number(n % 5 === 0)))
    expect(found.timings.firstByte?.mean).toBeCloseTo(sum(count, n => n % 40) / count)
    expect(found.hosts.reduce((all, { requests }) => all + requests, 0)).toBe(count)
    expect(found.series.done.reduce((a, b) => a + b)).toBe(count)
    expect(found.series.bytes.reduce((a, b) => a + b)).toBe(sum(count, n => n))
  }
})

function merged(tally: Tally): Tally {
  const all = new Tally(clock, tally)
  all.merge(tally)
  return all
}
