/** What the end of an attempt says about its host. */
import { describe, expect, test } from 'vitest'
import type { FaultCode } from '../../src/core/result.ts'
import { healthOf } from '../../src/policy/health.ts'
import { makeFault, makeReply } from '../support/calls.ts'

describe('A reply', () => {
  test.each([
    [200, {}, 'good'],
    [204, {}, 'good'],
    [301, {}, 'good'],
    [304, {}, 'good'],
    [400, {}, 'good'],
    [401, {}, 'good'],
    [404, {}, 'good'],
    [408, {}, 'good'],
    [425, {}, 'good'],
    [429, {}, 'throttled'],
    [429, { 'retry-after': '5' }, 'throttled'],
    [429, { 'retry-after': 'soon' }, 'throttled'],
    [500, {}, 'failing'],
    [500, { 'retry-after': '5' }, 'failing'],
    [502, {}, 'failing'],
    [503, {}, 'failing'],
    [503, { 'retry-after': '5' }, 'throttled'],
    [504, {}, 'failing'],
    [599, {}, 'failing'],
  ] as const)('with %i and %j comes from a host that is %s', (status, headers, health) => {
    expect(healthOf(makeReply(status, headers), true)).toBe(health)
  })
})

describe('A fault', () => {
  test.each<[FaultCode, 'down' | 'unknown']>([
    ['dns/not_found', 'down'],
    ['dns/temporary', 'down'],
    ['connect/refused', 'down'],
    ['connect/denied', 'down'],
    ['tls/expired', 'down'],
    ['reset/before_headers', 'down'],
    ['timeout/dns', 'down'],
    ['timeout/connect', 'down'],
    ['timeout/tls', 'down'],
    ['timeout/headers', 'down'],
    ['protocol/location', 'down'],
    ['timeout/total', 'unknown'],
    ['timeout/callback', 'unknown'],
    ['timeout/proxy', 'unknown'],
    ['proxy/auth', 'unknown'],
    ['proxy/connect', 'unknown'],
    ['proxy/refused', 'unknown'],
    ['proxy/unreachable', 'unknown'],
    ['aborted/in_flight', 'unknown'],
    ['aborted/not_started', 'unknown'],
    ['callback/hook', 'unknown'],
    ['decode/corrupt', 'unknown'],
    ['too_large/body', 'unknown'],
    ['internal/unknown', 'unknown'],
    ['paused/retry_after', 'unknown'],
    ['circuit/open', 'unknown'],
    ['invalid_request/url', 'unknown'],
  ])('%s before any answer means that the host is %s', (code, health) => {
    for (const sent of [true, false]) expect(healthOf(makeFault(code, sent), false)).toBe(health)
  })

  test.each<[FaultCode, 'failing' | 'unknown']>([
    ['reset/in_body', 'failing'],
    ['timeout/body', 'failing'],
    ['truncated/body', 'failing'],
    ['protocol/location', 'failing'],
    ['decode/corrupt', 'unknown'],
    ['aborted/in_flight', 'unknown'],
    ['timeout/total', 'unknown'],
  ])('%s after the head of a response means that the host is %s: it does answer', (code, health) => {
    expect(healthOf(makeFault(code, true), true)).toBe(health)
  })
})

test('an attempt that threw says nothing about its host', () => {
  expect([healthOf(undefined, false), healthOf(undefined, true)]).toEqual(['unknown', 'unknown'])
})
