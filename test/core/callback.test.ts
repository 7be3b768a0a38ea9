/** A function of the caller cannot disturb any request but its own. */
import { describe, expect, test } from 'vitest'
import { reasonOf, runCallback } from '../../src/core/callback.ts'
import type { CallbackLimits } from '../../src/core/callback.ts'
import { fault } from '../../src/core/result.ts'
import { Trip } from '../../src/core/trip.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { makeCall } from '../support/calls.ts'

function limits(timeoutMs = Infinity) {
  const clock = virtualClock()
  const { trip } = makeCall()
  return { trip, clock, timeoutMs } satisfies CallbackLimits
}

const thrown = (error: unknown) => fault('callback/hook', reasonOf(error), { cause: error })
const never = (): Promise<string> => new Promise(() => undefined)

describe('runCallback', () => {
  test('returns synchronously when the function does', () => {
    expect(runCallback(() => 7, thrown, limits())).toBe(7)
    expect(runCallback(() => undefined, thrown, limits())).toBeUndefined()
  })

  test('waits for a promise or any other thenable', async () => {
    await expect(runCallback(() => Promise.resolve(7), thrown, limits())).resolves.toBe(7)
    // oxlint-disable-next-line unicorn/no-thenable -- a thenable is the subject of the test
    const thenable = { then: (take: (value: number) => void) => take(7) } as PromiseLike<number>
    await expect(runCallback(() => thenable, thrown, limits())).resolves.toBe(7)
  })

  test('ends a promise that never settles when the whole request is out of time', async () => {
    const clock = virtualClock()
    const trip = new Trip(0, clock.now(), clock.now() + 2_000)
    const answer = runCallback(never, thrown, { trip, clock, timeoutMs: 5_000 })
    await clock.advance(2_000)
    await expect(answer).resolves.toMatchObject({ code: 'timeout/total', message: 'not finished within 2s in total' })
  })

  test('turns a throw and a rejection into the fault that its caller chose', async () => {
    const boom = (): never => {
      throw new Error('boom')
    }
    expect(runCallback(boom, thrown, limits())).toMatchObject({ code: 'callback/hook', message: 'boom' })
    await expect(runCallback(() => Promise.reject(new Error('boom')), thrown, limits())).resolves.toMatchObject({
      code: 'callback/hook',
      message: 'boom',
    })
  })

  test('ends a promise that never settles exactly at its limit, and leaves no timer', async () => {
    const given = limits(1_000)
    const answer = runCallback(never, thrown, given)
    await given.clock.advance(999)
    expect(given.clock.pending).toBe(1)
    await given.clock.advance(1)
    await expect(answer).resolves.toMatchObject({ code: 'timeout/callback' })
    expect(given.clock.pending).toBe(0)
  })

  test('ends a promise that never settles when the request is cancelled', async () => {
    const given = limits(1_000)
    const answer = runCallback(never, thrown, given)
    given.trip.cancelSlot.cancel(fault('aborted/in_flight', 'enough'))
    await expect(answer).resolves.toMatchObject({ code: 'aborted/in_flight' })
    expect(given.clock.pending).toBe(0)
  })

  test('ends at once when the request is already cancelled', async () => {
    const given = limits()
    given.trip.cancelSlot.cancel(fault('aborted/in_flight', 'enough'))
    await expect(runCallback(never, thrown, given)).resolves.toMatchObject({ code: 'aborted/in_flight' })
  })

  test('does not take the cancel slot from its next holder when the function answers late', async () => {
    const given = limits(1_000)
    let late: (value: string) => void = () => undefined
    const answer = runCallback(() => new Promise<string>(resolve => (late = resolve)), thrown, given)
    await given.clock.advance(1_000)
    await answer
    let heard = false
    given.trip.cancelSlot.hold('queue', () => (heard = true))
    late('at last')
    await Promise.resolve()
    given.trip.cancelSlot.cancel(fault('aborted/not_started', 'enough'))
    expect(heard).toBe(true)
  })
})

test('anything that is thrown gives a reason of one line', () => {
  expect(reasonOf(new Error('boom'))).toBe('boom')
  expect(reasonOf('text')).toBe('text')
  expect(reasonOf(undefined)).toBe('undefined')
  expect(reasonOf(Object.create(null))).toBe('something that cannot be printed')
})
