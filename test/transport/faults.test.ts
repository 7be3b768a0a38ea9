import { describe, expect, it } from 'vitest'
import type { Attempt } from '../../src/core/attempt.ts'
import { classify } from '../../src/transport/faults.ts'
import { lookupFault } from '../../src/transport/lookup-faults.ts'

const fresh = { phase: 'connect', sent: false, headed: false, reused: false } as Attempt
const sent = { ...fresh, phase: 'headers', sent: true } as Attempt
const headed = { ...sent, phase: 'body', headed: true } as Attempt
const nothing = { started: false, framing: 'unverified', uploading: false } as const

const withCode = (code: string, message = 'from the system'): Error => Object.assign(new Error(message), { code })
const codeOf = (error: unknown, attempt = fresh, received = {}): string =>
  classify(error, attempt, { ...nothing, ...received }).code

describe('a foreign error', () => {
  it.each([
    ['ENOTFOUND', 'dns/not_found'],
    ['EAI_AGAIN', 'dns/temporary'],
    ['ENODATA', 'dns/empty'],
    ['ECONNREFUSED', 'connect/refused'],
    ['EHOSTUNREACH', 'connect/unreachable'],
    ['ENETUNREACH', 'connect/unreachable'],
    ['EACCES', 'connect/denied'],
    ['ECONNRESET', 'connect/reset'],
    ['ETIMEDOUT', 'timeout/connect'],
    ['EMFILE', 'resource/fd'],
    ['ENFILE', 'resource/fd'],
    ['EADDRNOTAVAIL', 'resource/port'],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'tls/handshake'],
    ['EPROTO', 'tls/handshake'],
    ['CERT_NOT_YET_VALID', 'tls/expired'],
    ['UND_ERR_INVALID_ARG', 'invalid_request/rejected'],
    ['ERR_ACCESS_DENIED', 'blocked/permission'],
  ])('%s before anything was sent gives %s', (code, expected) => {
    const fault = classify(withCode(code), fresh, nothing)
    expect(fault.code).toBe(expected)
    expect(fault.sent).toBe(false)
  })

  it.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_DESTROYED'])(
    '%s is reported by the phase in which it happened',
    code => {
      const error = withCode(code)
      expect(codeOf(error)).toBe('connect/reset')
      expect(codeOf(error, { ...fresh, phase: 'tls' })).toBe('connect/tls_reset')
      expect(codeOf(error, { ...fresh, reused: true })).toBe('reset/before_headers')
      expect(codeOf(error, sent)).toBe('reset/before_headers')
      expect(codeOf(error, sent, { uploading: true })).toBe('reset/request_body')
      expect(codeOf(error, sent, { started: true, uploading: true })).toBe('reset/mid_headers')
      expect(codeOf(error, headed)).toBe('truncated/reset')
    },
  )

  it('for a network that the runtime forbids is blocked/permission, for lookups too', () => {
    // Deno's error has a name but no code.
    expect(codeOf(Object.assign(new Error('Requires net access'), { name: 'NotCapable' }))).toBe('blocked/permission')
    for (const code of ['ERR_ACCESS_DENIED', 'EPERM']) {
      expect(lookupFault(withCode(code), false)).toMatchObject({ code: 'blocked/permission', sent: false })
    }
  })

  it('for several addresses is that of the first one', () => {
    expect(codeOf(new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]))).toBe('connect/refused')
  })

  it('of a proxy is not an abort', () => {
    const answer = (status: number): Error => withCode('UND_ERR_ABORTED', `Proxy response (${status}) !== 200 when`)
    expect(codeOf(answer(407))).toBe('proxy/auth')
    expect(codeOf(answer(502))).toBe('proxy/refused')
  })

  it.each([
    new Error('never heard of'),
    withCode('E_NEW_IN_NODE_99'),
    new TypeError('undefined is not a function'),
    'a string',
    null,
    undefined,
    42,
    { code: 7 },
    Object.create(null) as object,
  ])('that is unknown (%o) is internal/unknown, with its cause', error => {
    const fault = classify(error, sent, nothing)
    expect(fault.code).toBe('internal/unknown')
    expect(fault.sent).toBe(true)
    expect(fault.cause).toBe(error)
  })
})
