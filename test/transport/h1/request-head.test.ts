/** The head of a request as text: no part of it can end a line. */
import { describe, expect, it } from 'vitest'
import { UnsafeHead, requestHead } from '../../../src/transport/h1/request-head.ts'
import type { Attempt } from '../../../src/core/attempt.ts'

const attemptOf = (headers: readonly string[], path = '/', method = 'GET'): Attempt =>
  ({ call: { method, origin: 'http://a.test', path }, headers }) as unknown as Attempt

describe('a head', () => {
  it('has one Host, which is first, and the line of the framing last', () => {
    expect(requestHead(attemptOf(['x', 'y']), { bytes: 5 }, false)).toBe(
      'GET / HTTP/1.1\r\nhost: a.test\r\nconnection: keep-alive\r\nx: y\r\ncontent-length: 5\r\n\r\n',
    )
    expect(requestHead(attemptOf(['x', 'y', 'host', 'b.test']), 'none', true)).toBe(
      'GET / HTTP/1.1\r\nconnection: close\r\nhost: b.test\r\nx: y\r\n\r\n',
    )
  })

  // U+010D and U+010A end in the bytes of CR and LF.
  it.each(['\r', '\n', '\0', '\u010d\u010aEvil: 1', '\u{1f600}'])('is refused with %j in a header', text => {
    for (const headers of [
      ['x', text],
      [text, 'x'],
    ])
      expect(() => requestHead(attemptOf(headers), 'none', false)).toThrow(UnsafeHead)
  })

  it.each(['\r', '\n', '\0', ' ', '\u0120', '\u010a'])('is refused with %j in its target', text => {
    expect(() => requestHead(attemptOf([], `/${text}`), 'none', false)).toThrow(UnsafeHead)
  })

  it('has no Expect without a body (RFC 9110 §10.1.1)', () => {
    const attempt = attemptOf(['expect', '100-continue'], '/', 'POST')
    expect(requestHead(attempt, { bytes: 1 }, false)).toContain('expect: 100-continue')
    expect(requestHead(attempt, { bytes: 0 }, false)).not.toContain('expect')
    expect(requestHead(attempt, 'none', false)).not.toContain('expect')
  })
})
