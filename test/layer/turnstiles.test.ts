/** Lanes in line at limits: who is next, when the alarm rings, and that nothing is kept of a line that is empty. */
import { describe, expect, test } from 'vitest'
import type { Call } from '../../src/core/call.ts'
import { Alarms } from '../../src/layer/alarms.ts'
import { Queue } from '../../src/layer/queue.ts'
import { Turnstiles } from '../../src/layer/turnstiles.ts'
import type { Turnstile } from '../../src/layer/turnstiles.ts'
import { Lane } from '../../src/policy/lane.ts'
import type { Limit } from '../../src/policy/limit.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { makeAttempt } from '../support/calls.ts'
import type { CallParts } from '../support/calls.ts'

/** Lets so many through, and no more before its time. */
interface Tap extends Limit {
  left: number
  untilMs: number
  asked: number
}

function tap(left = 0, untilMs = Infinity): Tap {
  const made: Tap = {
    waitsFor: 'rate',
    left,
    untilMs,
    asked: 0,
    waitMs: nowMs => {
      made.asked++
      return made.left > 0 ? 0 : Math.max(0, made.untilMs - nowMs)
    },
    book: () => void made.left--,
  }
  return made
}

function queueWith(ticket: number, waiting = 1, parts: CallParts = {}): Queue {
  const queue = new Queue(new Lane({ key: `lane-${ticket}`, shared: [] }))
  queue.ticket = ticket
  for (let nth = 0; nth < waiting; nth++) {
    queue.add({ attempt: makeAttempt(parts), enteredAtMs: 0, limiterMs: 0, admit: () => undefined, gone: false })
  }
  return queue
}

/** A lane that is served gives one waiter and takes what it costs; with more, it is parked again with a later ticket. */
function open(limits: readonly Tap[] = []) {
  const clock = virtualClock()
  const served: number[] = []
  const rung: Turnstile[] = []
  let tickets = 100
  const turnstiles = new Turnstiles(
    new Alarms(clock),
    (queue, nowMs) => {
      const head = queue.head()
      if (head === undefined) return
      served.push(queue.ticket)
      for (const limit of limits) limit.book(nowMs, head.attempt.call)
      queue.leave(head)
      queue.ticket = ++tickets
      if (queue.waiting > 0) turnstiles.park(queue, limits[0] as Tap, nowMs)
    },
    (turnstile, nowMs) => {
      rung.push(turnstile)
      turnstiles.turn(turnstile, nowMs)
    },
  )
  return { clock, turnstiles, served, rung }
}

describe('A turnstile', () => {
  test('lets lanes through in the order of their tickets, for as long as its limit has something to give.', () => {
    const limit = tap()
    const { turnstiles, served } = open([limit])
    for (const ticket of [3, 1, 4, 2]) turnstiles.park(queueWith(ticket), limit, 0)
    limit.left = 3
    turnstiles.turn(turnstiles.at(limit) as Turnstile, 0)
    expect(served).toEqual([1, 2, 3])
    expect(turnstiles.at(limit)?.lanes.size).toBe(1)
    limit.left = 9
    turnstiles.turn(turnstiles.at(limit) as Turnstile, 0)
    expect(served).toEqual([1, 2, 3, 4])
  })

  test('sends a lane with more to the end of the line.', () => {
    const limit = tap()
    const { turnstiles, served } = open([limit])
    turnstiles.park(queueWith(1, 3), limit, 0)
    turnstiles.park(queueWith(2, 1), limit, 0)
    limit.left = 9
    turnstiles.turn(turnstiles.at(limit) as Turnstile, 0)
    expect(served).toEqual([1, 2, 101, 103])
  })

  test('asks the first one only: what blocks it blocks who came later, however little they want.', () => {
    const limit: Tap = { ...tap(), waitMs: (_nowMs, { index }: Call) => (index === 9 ? Infinity : 0) }
    const { turnstiles, served } = open()
    turnstiles.park(queueWith(1, 1, { index: 9 }), limit, 0)
    for (let ticket = 2; ticket < 50; ticket++) turnstiles.park(queueWith(ticket), limit, 0)
    turnstiles.turn(turnstiles.at(limit) as Turnstile, 0)
    expect(served).toEqual([])
  })

  test('lets those behind through when the first one has left.', () => {
    const limit: Tap = { ...tap(), waitMs: (_nowMs, { index }: Call) => (index === 9 ? Infinity : 0) }
    const { turnstiles, served } = open()
    const first = queueWith(1, 1, { index: 9 })
    turnstiles.park(first, limit, 0)
    turnstiles.park(queueWith(2), limit, 0)
    turnstiles.unpark(first, 0)
    expect(first.parkedAt).toBeUndefined()
    turnstiles.turn(turnstiles.at(limit) as Turnstile, 0)
    expect(served).toEqual([2])
  })

  test('asks its limit as often as it lets somebody through, however long the line.', () => {
    const limit = tap()
    const { turnstiles } = open([limit])
    for (let ticket = 1; ticket <= 5_000; ticket++) turnstiles.park(queueWith(ticket), limit, 0)
    limit.asked = 0
    limit.left = 10
    turnstiles.turn(turnstiles.at(limit) as Turnstile, 0)
    // Once for each that goes, once for the one that does not, once for its alarm.
    expect(limit.asked).toBe(12)
  })

  test('is forgotten with its alarm when nobody waits there any more.', () => {
    const limit = tap(0, 500)
    const { turnstiles, clock } = open([limit])
    const queue = queueWith(1)
    expect(turnstiles.at(limit)).toBeUndefined()
    turnstiles.park(queue, limit, 0)
    expect([turnstiles.size, clock.pending]).toEqual([1, 1])
    turnstiles.unpark(queue, 0)
    expect([turnstiles.size, clock.pending, turnstiles.at(limit)]).toEqual([0, 0, undefined])
    turnstiles.unpark(queue, 0)
    expect(turnstiles.size).toBe(0)
  })

  test('knows how many of its lanes are of hosts of each standing, as they were when they came.', () => {
    const limit = tap()
    const { turnstiles, served } = open([limit])
    const queues = [1, 2, 3].map(ticket => queueWith(ticket))
    const [first, second, third] = queues as [Queue, Queue, Queue]
    first.lane.standing = 'proven'
    third.lane.standing = 'proven'
    for (const queue of queues) turnstiles.park(queue, limit, 0)
    const turnstile = turnstiles.at(limit) as Turnstile
    expect(turnstile.standings).toEqual({ new: 1, proven: 2, silent: 0 })
    // What they become while they stand there does not matter.
    second.lane.standing = 'proven'
    first.lane.standing = 'silent'
    limit.left = 1
    turnstiles.turn(turnstile, 0)
    expect([served, turnstile.standings.proven]).toEqual([[1], 1])
    turnstiles.unpark(second, 0)
    expect(turnstile.standings.proven).toBe(1)
    turnstiles.unpark(third, 0)
    expect(turnstile.standings).toEqual({ new: 0, proven: 0, silent: 0 })
  })
})

describe('The alarm', () => {
  test('rings when the first in line may go.', async () => {
    const limit = tap(0, 500)
    const { turnstiles, clock, served, rung } = open([limit])
    turnstiles.park(queueWith(2), limit, 0)
    turnstiles.park(queueWith(1), limit, 0)
    await clock.advance(499)
    expect(rung).toEqual([])
    limit.left = 1
    await clock.advance(1)
    expect([rung.length, served]).toEqual([1, [1, 2]])
  })

  test('is set for who is first now, whether one came, left or changed places with the next of its lane.', async () => {
    const atMs = (index: number): number => index * 100
    const limit: Tap = { ...tap(), waitMs: (nowMs, { index }: Call) => Math.max(0, atMs(index) - nowMs) }
    const { turnstiles, clock, served } = open()
    const late = queueWith(2, 1, { index: 9 })
    turnstiles.park(late, limit, 0)
    const first = queueWith(1, 1, { index: 3 })
    turnstiles.park(first, limit, 0)
    turnstiles.unpark(first, 0)
    const head = late.head()
    late.add({ attempt: makeAttempt({ index: 5 }), enteredAtMs: 0, limiterMs: 0, admit: () => undefined, gone: false })
    late.leave(head as NonNullable<typeof head>)
    turnstiles.changed(late, 0)
    await clock.advance(499)
    expect(served).toEqual([])
    await clock.advance(1)
    expect(served).toEqual([2])
  })

  test('is not set for what only a release can help.', () => {
    const limit = tap()
    const { turnstiles, clock } = open([limit])
    turnstiles.park(queueWith(1), limit, 0)
    expect(clock.pending).toBe(0)
  })

  test('is the only one for two limits that open at different times.', async () => {
    const [early, late] = [tap(0, 100), tap(0, 200)]
    const { turnstiles, clock, served } = open()
    turnstiles.park(queueWith(1), late, 0)
    turnstiles.park(queueWith(2), early, 0)
    expect(clock.pending).toBe(1)
    await clock.advance(100)
    expect(served).toEqual([2])
    await clock.advance(100)
    expect([served, turnstiles.size, clock.pending]).toEqual([[2, 1], 0, 0])
  })
})
