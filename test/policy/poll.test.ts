/** What a response says about a job, as tables. */
import { expect, test } from 'vitest'
import { POLL_OPTIONS, CALL_POLL } from '../../src/config/options/poll.ts'
import type { PollInput, PollPlan } from '../../src/core/poll.ts'
import { pollWaitMs, stateOf, stateOfHead, statusUrlIn } from '../../src/policy/poll.ts'

function planOf(poll: PollInput): PollPlan {
  const read = POLL_OPTIONS.poll.read(poll, 'poll', [])
  return CALL_POLL.poll.make({ poll: read as never }) as PollPlan
}

const boom = (): never => {
  throw new Error('boom')
}

test.each<[status: unknown, poll: PollInput, state: string]>([
  ['succeeded', {}, 'done'],
  ['Succeeded', {}, 'done'],
  [' COMPLETED ', {}, 'done'],
  ['failed', {}, 'failed'],
  ['Canceled', {}, 'failed'],
  ['in_progress', {}, 'pending'],
  ['succeed', {}, 'pending'],
  ['', {}, 'unknown'],
  [null, {}, 'unknown'],
  [undefined, {}, 'unknown'],
  [{ state: 'done' }, {}, 'unknown'],
  [['done'], {}, 'unknown'],
  ['READY', { done: ['ready'] }, 'done'],
  ['done', { done: ['ready'] }, 'pending'],
  [true, { done: true }, 'done'],
  ['true', { done: true }, 'done'],
  [false, { done: true }, 'pending'],
  [0, { done: 0 }, 'done'],
  [200, { done: '200' }, 'done'],
  ['canceled', { done: 'canceled' }, 'done'],
  ['done', { failed: 'done' }, 'failed'],
  ['expired', { failed: 'broken' }, 'pending'],
  [null, { done: () => false }, 'pending'],
  [7, { done: (n: number) => n > 5, failed: (n: number) => n > 9 }, 'done'],
  [10, { done: (n: number) => n > 5, failed: (n: number) => n > 9 }, 'failed'],
  [7, { done: boom }, 'fault'],
  [7, { done: 'x', failed: boom }, 'fault'],
  [7, { done: (async () => true) as never }, 'fault'],
])('the status %j with %j is %s', (status, poll, state) => {
  expect(stateOf(status, planOf({ status: 'status', ...poll })).kind).toBe(state)
})

test('a status that a server sends is escaped and cut where a message shows it', () => {
  const state = stateOf(`\u001b[2J${'x'.repeat(500)}`, planOf({ status: 'status' }))
  expect(state).toMatchObject({ kind: 'pending' })
  const { shown } = state as { shown: string }
  expect(shown).not.toContain('\u001b')
  expect(shown.length).toBeLessThan(130)
})

test.each([
  [202, false, 'pending'],
  [200, false, 'done'],
  [204, false, 'done'],
  [201, true, 'pending'],
  [200, true, 'pending'],
])('without a status, %i (operation: %s) is %s', (status, isStarting, state) => {
  expect(stateOfHead({ status }, isStarting).kind).toBe(state)
})

test.each<[headers: string[], url: string | undefined]>([
  [[], undefined],
  [['location', '/a'], '/a'],
  [['location', '/a', 'azure-asyncoperation', '/b'], '/b'],
  [['location', '/a', 'azure-asyncoperation', '/b', 'operation-location', '/c'], '/c'],
  [['location', '/a', 'operation-location', ''], '/a'],
])('of the headers %j, the status is at %j', (headers, url) => {
  expect(statusUrlIn(headers)).toBe(url)
})

test.each<[retryAfter: string | undefined, waitMs: number]>([
  [undefined, 2_000],
  ['0', 2_000],
  ['1', 2_000],
  ['5', 5_000],
  ['soon', 2_000],
  ['86400', 120_000],
])('after Retry-After: %s the wait is %i ms', (retryAfter, waitMs) => {
  const headers = retryAfter === undefined ? [] : ['retry-after', retryAfter]
  expect(pollWaitMs({ headers }, { intervalMs: 2_000 }, { maxRetryAfterMs: 120_000 }, 0)).toBe(waitMs)
})
