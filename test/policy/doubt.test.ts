/** Faults after which it is unknown whether the request was carried out. */
import { expect, test } from 'vitest'
import type { FaultCode } from '../../src/core/result.ts'
import { orInDoubt } from '../../src/policy/doubt.ts'
import { makeCall, makeFault } from '../support/calls.ts'

const POST = makeCall({ method: 'POST' })

test.each([
  ['reset/before_headers', 'in_doubt/reset'],
  ['connect/reset', 'in_doubt/reset'],
  ['timeout/headers', 'in_doubt/timeout'],
  ['timeout/total', 'in_doubt/timeout'],
  ['aborted/in_flight', 'in_doubt/aborted'],
] satisfies [FaultCode, FaultCode][])(
  'a POST that was sent and ended with %s becomes %s, with the real fault as its cause',
  (code, doubt) => {
    const real = makeFault(code, true)
    expect(orInDoubt(real, POST, false)).toMatchObject({ code: doubt, sent: true, cause: real })
  },
)

test.each([
  ['no byte was sent', makeFault('reset/before_headers', false), POST, false],
  ['a head came back', makeFault('truncated/reset', true), POST, true],
  ['a head came back before the timeout', makeFault('timeout/body', true), POST, true],
  ['a second copy does no harm', makeFault('reset/before_headers', true), makeCall({ method: 'PUT' }), false],
  [
    'it has an idempotency key',
    makeFault('reset/before_headers', true),
    makeCall({ method: 'POST', repeatable: true }),
    false,
  ],
  ['the response arrived but was not usable', makeFault('protocol/malformed_head', true), POST, false],
] as const)('nothing is in doubt when %s', (_when, real, call, headed) => {
  expect(orInDoubt(real, call, headed)).toBe(real)
})
