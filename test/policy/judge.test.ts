/** The judge as a table: what came back × whose request × what was sent. */
import { describe, expect, test } from 'vitest'
import type { FaultCode } from '../../src/core/result.ts'
import { isThrottle, judge } from '../../src/policy/judge.ts'
import type { Verdict } from '../../src/policy/judge.ts'
import { makeCall, makeFault, makeReply } from '../support/calls.ts'
import type { CallParts } from '../support/calls.ts'

const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']
const UNSAFE = ['POST', 'PATCH', 'LINK']
const ASKED_FOR = [408, 500, 502, 503, 504]
/** Statuses that say the request was not processed, so any method may be sent again. */
const REFUSED = [421, 425]

test('a 421 is retried once', () => {
  const call = makeCall({ method: 'POST' })
  expect(judge(makeReply(421), call)).toBe('retry')
  call.trip.retry.misdirected = true
  expect(judge(makeReply(421), call)).toBe('done')
})

describe('Every status × method × idempotency key', () => {
  const statuses = Array.from({ length: 500 }, (_, i) => i + 100)
  for (const method of [...IDEMPOTENT, ...UNSAFE]) {
    for (const keyed of [false, true]) {
      test(`${method}${keyed ? ' with an idempotency key' : ''} is retried after the statuses that the contract lists, and no other`, () => {
        const repeatable = keyed || IDEMPOTENT.includes(method)
        const call = makeCall({ method, repeatable })
        for (const status of statuses) {
          let verdict: Verdict = 'done'
          if (status === 429) verdict = 'throttle'
          else if (REFUSED.includes(status) || (ASKED_FOR.includes(status) && repeatable)) verdict = 'retry'
          expect(judge(makeReply(status), call), String(status)).toBe(verdict)
        }
      })
    }
  }
})

describe('A throttled answer', () => {
  test('is any 429; a 403, 413, 503, 509 or 529 only when it announces a wait', () => {
    expect(isThrottle(makeReply(429))).toBe(true)
    for (const status of [403, 413, 503, 509, 529]) {
      expect(isThrottle(makeReply(status)), `${status}`).toBe(false)
      expect(isThrottle(makeReply(status, { 'retry-after': '1' })), `${status} Retry-After`).toBe(true)
      expect(isThrottle(makeReply(status, { 'retry-after-ms': '1' })), `${status} retry-after-ms`).toBe(true)
    }
    for (const status of [400, 408, 425, 500, 502, 504]) {
      expect(isThrottle(makeReply(status, { 'retry-after': '1' })), `${status}`).toBe(false)
    }
  })

  test('is a 403 when the quota is used up, but not while something is left', () => {
    expect(isThrottle(makeReply(403, { 'x-ratelimit-remaining': '0' }))).toBe(true)
    expect(isThrottle(makeReply(403, { 'x-ratelimit-remaining': '4900' }))).toBe(false)
    expect(isThrottle(makeReply(404, { 'x-ratelimit-remaining': '0' }))).toBe(false)
  })

  test.each(['GET', 'POST'])('retries a %s, because it was not carried out', method => {
    expect(judge(makeReply(429), makeCall({ method }))).toBe('throttle')
    for (const status of [403, 413, 503, 509, 529]) {
      expect(judge(makeReply(status, { 'retry-after': '1' }), makeCall({ method }))).toBe('throttle')
    }
  })

  test('is final where the body cannot be sent again', () => {
    expect(judge(makeReply(429), makeCall({ replayable: false }))).toBe('done')
  })
})

describe('A proxy', () => {
  test.each([
    [403, 'done'],
    [404, 'done'],
    [502, 'retry'],
    [503, 'retry'],
    [504, 'retry'],
  ] as const)('that answers CONNECT with %i: %s, for a POST too', (status, verdict) => {
    const refused = { ...makeFault('proxy/refused', false), reply: makeReply(status) }
    expect(judge(refused, makeCall({ method: 'POST' }))).toBe(verdict)
  })

  test('that rejects our credentials is final if there is no other proxy', () => {
    const refused = makeFault('proxy/auth', false)
    expect(judge(refused, makeCall({ method: 'POST' }))).toBe('done')
    expect(judge({ ...refused, hasOtherWay: true }, makeCall({ method: 'POST' }))).toBe('retry')
  })
})

describe('A fault of an HTTP/2 stream', () => {
  const unsafe = { method: 'POST', body: 'x' }
  test.each([
    // The server says that it did not process the request: any method, if the body can be sent again.
    ['reset/refused', false, unsafe, 'retry'],
    ['reset/goaway', false, unsafe, 'retry'],
    ['reset/http_1_1_required', false, unsafe, 'retry'],
    ['reset/refused', false, { ...unsafe, replayable: false }, 'done'],
    ['reset/goaway', false, { ...unsafe, replayable: false }, 'done'],
    ['reset/http_1_1_required', false, { ...unsafe, replayable: false }, 'done'],
    // Unknown whether the server processed the request.
    ['reset/goaway', true, {}, 'retry'],
    ['reset/goaway', true, unsafe, 'done'],
    ['reset/stream', true, {}, 'retry'],
    ['reset/stream', true, unsafe, 'done'],
    // HTTP/2's equivalent of 429, but a request that was not refused may have been carried out.
    ['reset/enhance_your_calm', true, {}, 'throttle'],
    ['reset/enhance_your_calm', true, unsafe, 'done'],
    ['reset/enhance_your_calm', false, unsafe, 'throttle'],
    ['reset/enhance_your_calm', false, { ...unsafe, replayable: false }, 'done'],
    ['protocol/h2', true, {}, 'done'],
  ] as const)('%s (sent: %s) of %j is %s', (code, sent, parts, expected) => {
    expect(judge(makeFault(code, sent), makeCall(parts))).toBe(expected)
  })

  test('is a throttle for ENHANCE_YOUR_CALM', () => {
    expect(isThrottle(makeFault('reset/enhance_your_calm', true))).toBe(true)
    expect(isThrottle(makeFault('reset/refused', false))).toBe(false)
  })
})

describe('Every fault × sent × method × body', () => {
  const always: FaultCode[] = [
    'dns/temporary',
    'decode/corrupt',
    'decode/truncated',
    'proxy/connect',
    'proxy/failed',
    'proxy/unreachable',
  ]
  const transient: FaultCode[] = [
    ...always,
    'connect/refused',
    'connect/tls_reset',
    'reset/before_headers',
    'reset/mid_headers',
    'reset/request_body',
    'truncated/length',
    'truncated/chunked',
    'timeout/dns',
    'timeout/connect',
    'timeout/proxy',
    'timeout/tls',
    'timeout/headers',
    'timeout/body',
    'timeout/low_speed',
  ]
  const final: FaultCode[] = [
    'aborted/in_flight',
    'aborted/not_started',
    'blocked/address',
    'callback/hook',
    'connect/denied',
    'decode/unsupported',
    'dns/not_found',
    'internal/unknown',
    'invalid_request/url',
    'parse/json',
    'paused/retry_after',
    'proxy/auth',
    'proxy/protocol',
    'proxy/refused',
    'proxy/tls',
    'protocol/malformed_head',
    'redirect/loop',
    'timeout/callback',
    'timeout/total',
    'tls/untrusted',
    'too_large/body',
    'too_large/headers',
  ]
  const calls: [string, CallParts][] = [
    ['a GET', { method: 'GET' }],
    ['a PUT with a stream that can be read once', { method: 'PUT', replayable: false }],
    ['a POST', { method: 'POST' }],
    ['a POST with an idempotency key', { method: 'POST', repeatable: true }],
    ['a POST with such a key and such a stream', { method: 'POST', repeatable: true, replayable: false }],
  ]

  test.each(calls)('%s is retried when the fault may pass and a second copy does no harm', (_name, parts) => {
    const call = makeCall(parts)
    for (const code of transient) {
      expect(judge(makeFault(code, false), call), `${code} unsent`).toBe('retry')
      const safe = call.repeatable && call.replayable
      expect(judge(makeFault(code, true), call), `${code} sent`).toBe(safe ? 'retry' : 'done')
    }
  })

  test.each(calls)('%s is never retried after a permanent fault', (_name, parts) => {
    for (const code of final) {
      for (const sent of [true, false]) expect(judge(makeFault(code, sent), makeCall(parts)), code).toBe('done')
    }
  })
})

describe('The caller decides', () => {
  test('which statuses are retried', () => {
    const call = makeCall({ retry: { statuses: new Set([404]) } })
    expect(judge(makeReply(404), call)).toBe('retry')
    expect(judge(makeReply(500), call)).toBe('done')
  })

  test.each([500, 503, 429])('that %d is a success, which is then not retried', status => {
    const call = makeCall({ plan: { acceptStatus: () => true } })
    expect(judge(makeReply(status), call)).toBe('done')
    expect(judge(makeReply(503, { 'retry-after': '1' }), call)).toBe('done')
  })

  test("nothing with `returnType: 'response'`, which accepts every status after the usual retries", () => {
    const call = makeCall({ plan: { returnType: 'response', acceptStatus: () => true } })
    expect(judge(makeReply(500), call)).toBe('retry')
    expect(judge(makeReply(429), call)).toBe('throttle')
  })

  test('with a function that may throw; the error is reported when the outcome is made', () => {
    const acceptStatus = (): boolean => {
      throw new Error('mine')
    }
    expect(judge(makeReply(500), makeCall({ plan: { acceptStatus } }))).toBe('done')
  })
})
