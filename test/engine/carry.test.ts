/** One Call comes to one outcome, whatever its parts do. */
import { expect, test } from 'vitest'
import { carry } from '../../src/engine/carry.ts'
import type { Call } from '../../src/core/call.ts'
import type { Send } from '../../src/core/layer.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import type { Result } from '../../src/core/result.ts'
import { makeCall, makeReply } from '../support/calls.ts'

const ours = new Error('ours')
const whole = { ok: true } as Outcome
const told = { ok: false } as Outcome

const fail = (): never => {
  throw ours
}
const later: Send<Call> = (_, done) => queueMicrotask(() => done(makeReply()))
const atOnce: Send<Call> = (_, done) => done(makeReply())

/** Breaks at a reply only: what came of that it can tell. */
const breaking =
  (how: () => Outcome | Promise<Outcome>) =>
  (result: Result): Outcome | Promise<Outcome> =>
    result.kind === 'fault' ? told : how()

test.each([
  ['all is well, and settled at once', later, () => whole, whole],
  ['all is well, and settled later', later, async () => whole, whole],
  ['all is well, before sending returns', atOnce, async () => whole, whole],
  ['sending throws', fail, breaking(() => whole), told],
  ['settling throws', later, breaking(fail), told],
  ['settling rejects', later, breaking(() => Promise.reject(ours)), told],
] as const)('Where %s there is one outcome, and not before its time.', async (_, send, settle, expected) => {
  const seen: Outcome[] = []
  const faults: Result[] = []
  const parts = {
    send,
    settle: (_call: unknown, result: Result) => {
      if (result.kind === 'fault') faults.push(result)
      return settle(result)
    },
  }
  carry(makeCall(), parts, outcome => seen.push(outcome))
  expect(seen).toEqual([])
  await new Promise(resolve => setImmediate(resolve))
  expect(seen).toEqual([expected])
  const why = { code: 'internal/unknown', message: 'unexpected error: ours', sent: true, cause: ours }
  expect(faults).toMatchObject(expected === told ? [why] : [])
})

test('An error of the one who takes the outcome is not blamed on the request.', () => {
  const settled: Result[] = []
  const parts = {
    send: atOnce,
    settle: (_call: unknown, result: Result) => {
      settled.push(result)
      return whole
    },
  }
  expect(() => carry(makeCall(), parts, fail)).toThrow(ours)
  expect(settled).toMatchObject([{ kind: 'reply' }])
})
