/** The pause of a host that asked us to wait. */
import { expect, test } from 'vitest'
import { pause } from '../../src/policy/pause.ts'
import { makeCall } from '../support/calls.ts'

const CALL = makeCall()

test('no request goes before the end of the pause, and requests go at its end', () => {
  const host = pause()
  expect(host.waitMs(0, CALL)).toBe(0)
  host.extendTo(100)
  expect(host.waitMs(40, CALL)).toBe(60)
  expect(host.waitMs(100, CALL)).toBe(0)
})

test('a later answer never shortens a running pause', () => {
  const host = pause()
  host.extendTo(100)
  host.extendTo(50)
  expect(host.untilMs).toBe(100)
})

/** Books and ends attempts of one host, and tracks those in flight. */
function hostWith(underWay: number) {
  const host = pause()
  for (let i = 0; i < underWay; i++) host.book(0, CALL)
  return {
    host,
    go: (nowMs: number) => host.book(nowMs, CALL),
    end: (startedAtMs: number, good: boolean): void => {
      host.release?.(CALL)
      host.learn(startedAtMs, good)
    },
    /** How many more may go now. */
    room(nowMs: number): number {
      let room = 0
      while (host.waitMs(nowMs, CALL) === 0 && room < 100) {
        host.book(nowMs, CALL)
        room++
      }
      for (let i = 0; i < room; i++) host.release?.(CALL)
      return room
    },
  }
}

/** Ends with a throttled answer, as a lane does. */
function throttle({ host, end }: ReturnType<typeof hostWith>, startedAtMs: number, untilMs: number): void {
  end(startedAtMs, false)
  host.extendTo(untilMs)
}

test('after a pause one request may go, however many are still in flight from before it', () => {
  for (const underWay of [1, 5, 50]) {
    const it = hostWith(underWay)
    throttle(it, 0, 100)
    expect(it.room(99)).toBe(0)
    expect(it.room(100)).toBe(1)
    it.go(100)
    expect(it.room(100)).toBe(0)
    // Attempts from before the pause free no slot when they end, whatever their result.
    for (let i = 1; i < underWay; i++) {
      it.end(0, i % 2 === 0)
      expect(it.room(100)).toBe(0)
    }
  }
})

test('each good answer allows one more request, until as many as before are in flight; then the limit ends', () => {
  const it = hostWith(8)
  for (let i = 0; i < 8; i++) throttle(it, 0, 100)
  const rounds: number[] = []
  for (let atMs = 100; rounds.length < 4; atMs += 10) {
    const room = it.room(atMs)
    rounds.push(room)
    for (let i = 0; i < room; i++) it.go(atMs)
    for (let i = 0; i < room; i++) it.end(atMs, true)
  }
  expect(rounds).toEqual([1, 2, 4, 8])
  expect(it.room(200)).toBe(100)
})

test('a bad answer neither allows more requests nor takes one away', () => {
  const it = hostWith(4)
  for (let i = 0; i < 4; i++) throttle(it, 0, 100)
  for (let n = 0; n < 3; n++) {
    it.go(100)
    it.end(100, false)
    expect(it.room(100)).toBe(1)
  }
})

test('a second pause during recovery starts with one again, and ends at the number in flight before the first', () => {
  const it = hostWith(16)
  for (let i = 0; i < 16; i++) throttle(it, 0, 100)
  it.go(100)
  it.end(100, true)
  for (let i = 0; i < 2; i++) it.go(110)
  throttle(it, 110, 300)
  it.end(110, true)
  expect([it.room(299), it.room(300)]).toEqual([0, 1])
  const rounds: number[] = []
  for (let atMs = 300; rounds.length < 5; atMs += 10) {
    const room = it.room(atMs)
    rounds.push(room)
    for (let i = 0; i < room; i++) it.go(atMs)
    for (let i = 0; i < room; i++) it.end(atMs, true)
  }
  expect(rounds).toEqual([1, 2, 4, 8, 16])
  expect(it.room(400)).toBe(100)
})

test('a pause is idle when it is over and nothing is in flight', () => {
  const it = hostWith(2)
  expect(it.host.isIdle?.(0)).toBe(false)
  throttle(it, 0, 100)
  it.end(0, true)
  expect([it.host.isIdle?.(99), it.host.isIdle?.(100)]).toEqual([false, true])
})
