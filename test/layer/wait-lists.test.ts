/** Lanes that wait at limits: which is next, when the alarm rings, and that an empty list is removed. */
import { describe, expect, test } from 'vitest'
import type { Call } from '../../src/core/call.ts'
import { Alarms } from '../../src/layer/alarms.ts'
import { Queue } from '../../src/layer/queue.ts'
import { WaitLists } from '../../src/layer/wait-lists.ts'
import type { WaitList } from '../../src/layer/wait-lists.ts'
import { Lane } from '../../src/policy/lane.ts'
import type { Limit } from '../../src/policy/limit.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { makeAttempt } from '../support/calls.ts'
import type { CallParts } from '../support/calls.ts'

/** Admits this many at once, and no more before its time. */
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

/**
 * A lane that is served admits one waiter and takes its cost. With more waiters, it is blocked again with a later
 * ticket.
 */
function open(limits: readonly Tap[] = []) {
  const clock = virtualClock()
  const served: number[] = []
  const rung: WaitList[] = []
  let tickets = 100
  const waitLists = new WaitLists(
    new Alarms(clock),
    (queue, nowMs) => {
      const head = queue.head()
      if (head === undefined) return
      served.push(queue.ticket)
      for (const limit of limits) limit.book(nowMs, head.attempt.call)
      queue.leave(head)
      queue.ticket = ++tickets
      if (queue.waiting > 0) waitLists.block(queue, limits[0] as Tap, nowMs)
    },
    (waitList, nowMs) => {
      rung.push(waitList)
      waitLists.turn(waitList, nowMs)
    },
  )
  return { clock, waitLists, served, rung }
}

describe('a wait list', () => {
  test('serves lanes in the order of their tickets while its limit has capacity', () => {
    const limit = tap()
    const { waitLists, served } = open([limit])
    for (const ticket of [3, 1, 4, 2]) waitLists.block(queueWith(ticket), limit, 0)
    limit.left = 3
    waitLists.turn(waitLists.at(limit) as WaitList, 0)
    expect(served).toEqual([1, 2, 3])
    expect(waitLists.at(limit)?.lanes.size).toBe(1)
    limit.left = 9
    waitLists.turn(waitLists.at(limit) as WaitList, 0)
    expect(served).toEqual([1, 2, 3, 4])
  })

  test('sends a lane with more waiters to the end', () => {
    const limit = tap()
    const { waitLists, served } = open([limit])
    waitLists.block(queueWith(1, 3), limit, 0)
    waitLists.block(queueWith(2, 1), limit, 0)
    limit.left = 9
    waitLists.turn(waitLists.at(limit) as WaitList, 0)
    expect(served).toEqual([1, 2, 101, 103])
  })

  test('asks the first lane only: what blocks it blocks later ones, however little they need', () => {
    const limit: Tap = { ...tap(), waitMs: (_nowMs, { index }: Call) => (index === 9 ? Infinity : 0) }
    const { waitLists, served } = open()
    waitLists.block(queueWith(1, 1, { index: 9 }), limit, 0)
    for (let ticket = 2; ticket < 50; ticket++) waitLists.block(queueWith(ticket), limit, 0)
    waitLists.turn(waitLists.at(limit) as WaitList, 0)
    expect(served).toEqual([])
  })

  test('serves the lanes behind when the first one has left', () => {
    const limit: Tap = { ...tap(), waitMs: (_nowMs, { index }: Call) => (index === 9 ? Infinity : 0) }
    const { waitLists, served } = open()
    const first = queueWith(1, 1, { index: 9 })
    waitLists.block(first, limit, 0)
    waitLists.block(queueWith(2), limit, 0)
    waitLists.unpark(first, 0)
    expect(first.blockedAt).toBeUndefined()
    waitLists.turn(waitLists.at(limit) as WaitList, 0)
    expect(served).toEqual([2])
  })

  test('asks its limit once per admitted waiter, however long the list', () => {
    const limit = tap()
    const { waitLists } = open([limit])
    for (let ticket = 1; ticket <= 5_000; ticket++) waitLists.block(queueWith(ticket), limit, 0)
    limit.asked = 0
    limit.left = 10
    waitLists.turn(waitLists.at(limit) as WaitList, 0)
    // Once for each that goes, once for the one that does not, once for its alarm.
    expect(limit.asked).toBe(12)
  })

  test('is removed with its alarm when no lane waits there any more', () => {
    const limit = tap(0, 500)
    const { waitLists, clock } = open([limit])
    const queue = queueWith(1)
    expect(waitLists.at(limit)).toBeUndefined()
    waitLists.block(queue, limit, 0)
    expect([waitLists.size, clock.pending]).toEqual([1, 1])
    waitLists.unpark(queue, 0)
    expect([waitLists.size, clock.pending, waitLists.at(limit)]).toEqual([0, 0, undefined])
    waitLists.unpark(queue, 0)
    expect(waitLists.size).toBe(0)
  })

  test('counts its lanes by the standing of their hosts at the time when they came', () => {
    const limit = tap()
    const { waitLists, served } = open([limit])
    const queues = [1, 2, 3].map(ticket => queueWith(ticket))
    const [first, second, third] = queues as [Queue, Queue, Queue]
    first.lane.standing = 'proven'
    third.lane.standing = 'proven'
    for (const queue of queues) waitLists.block(queue, limit, 0)
    const waitList = waitLists.at(limit) as WaitList
    expect(waitList.standings).toEqual({ new: 1, proven: 2, silent: 0 })
    // Later changes of the standing do not matter here.
    second.lane.standing = 'proven'
    first.lane.standing = 'silent'
    limit.left = 1
    waitLists.turn(waitList, 0)
    expect([served, waitList.standings.proven]).toEqual([[1], 1])
    waitLists.unpark(second, 0)
    expect(waitList.standings.proven).toBe(1)
    waitLists.unpark(third, 0)
    expect(waitList.standings).toEqual({ new: 0, proven: 0, silent: 0 })
  })
})

describe('the alarm of a wait list', () => {
  test('rings when the first lane may go', async () => {
    const limit = tap(0, 500)
    const { waitLists, clock, served, rung } = open([limit])
    waitLists.block(queueWith(2), limit, 0)
    waitLists.block(queueWith(1), limit, 0)
    await clock.advance(499)
    expect(rung).toEqual([])
    limit.left = 1
    await clock.advance(1)
    expect([rung.length, served]).toEqual([1, [1, 2]])
  })

  test('is set for the lane that is first now, whether one came, left or changed places with the next', async () => {
    const atMs = (index: number): number => index * 100
    const limit: Tap = { ...tap(), waitMs: (nowMs, { index }: Call) => Math.max(0, atMs(index) - nowMs) }
    const { waitLists, clock, served } = open()
    const late = queueWith(2, 1, { index: 9 })
    waitLists.block(late, limit, 0)
    const first = queueWith(1, 1, { index: 3 })
    waitLists.block(first, limit, 0)
    waitLists.unpark(first, 0)
    const head = late.head()
    late.add({ attempt: makeAttempt({ index: 5 }), enteredAtMs: 0, limiterMs: 0, admit: () => undefined, gone: false })
    late.leave(head as NonNullable<typeof head>)
    waitLists.changed(late, 0)
    await clock.advance(499)
    expect(served).toEqual([])
    await clock.advance(1)
    expect(served).toEqual([2])
  })

  test('is not set if only a release can help', () => {
    const limit = tap()
    const { waitLists, clock } = open([limit])
    waitLists.block(queueWith(1), limit, 0)
    expect(clock.pending).toBe(0)
  })

  test('is the only one for two limits that open at different times', async () => {
    const [early, late] = [tap(0, 100), tap(0, 200)]
    const { waitLists, clock, served } = open()
    waitLists.block(queueWith(1), late, 0)
    waitLists.block(queueWith(2), early, 0)
    expect(clock.pending).toBe(1)
    await clock.advance(100)
    expect(served).toEqual([2])
    await clock.advance(100)
    expect([served, waitLists.size, clock.pending]).toEqual([[2, 1], 0, 0])
  })
})
