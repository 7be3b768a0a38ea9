/** One Call comes to one outcome, whatever its parts do. */
import { expect, test } from 'vitest'
import { carry } from '../../src/engine/carry.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import type { Result } from '../../src/core/result.ts'
import { makeCall, makeReply } from '../support/calls.ts'

const ours = new Error('ours')
const whole = { ok: true } as Outcome
const told = { ok: false } as Outcome

const fail = (): never => {
  throw ours
}
/** Breaks at a reply only: what came of that it can tell. */
const breaking =
  (how: () => Outcome | Promise<Outcome>) =>
  (result: Result): Outcome | Promise<Outcome> =>
    result.kind === 'fault' ? told : how()

test.each([
  ['all is well, at once', () => Promise.resolve(makeReply()), () => whole, whole],
  ['all is well, later', () => Promise.resolve(makeReply()), async () => whole, whole],
  ['sending throws', fail, breaking(() => whole), told],
  ['sending rejects', () => Promise.reject(ours), breaking(() => whole), told],
  ['settling throws', () => Promise.resolve(makeReply()), breaking(fail), told],
  ['settling rejects', () => Promise.resolve(makeReply()), breaking(() => Promise.reject(ours)), told],
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
