/** The whole response as a value, and bytes as a plain Uint8Array. */
import { describe, expect, test } from 'vitest'
import { isParseError } from '../../src/index.ts'
import { compactBytes, fullResponse } from '../../src/codec/response.ts'
import { makeCall, makeReply } from '../support/calls.ts'

const reply = {
  ...makeReply(404, { 'content-type': 'application/json', 'x-a': '1' }, '{"a":1}'),
  statusText: 'Not Found',
}

describe('A full response', () => {
  test('gives every part of the answer, and hides secrets in its URL', () => {
    const call = makeCall()
    call.trip.retry.attempts = 2
    call.trip.retry.redirects = 1
    const response = fullResponse({ ...reply, url: 'http://a.test/?token=hunter2' }, call, 70)
    expect(response).toMatchObject({
      status: 404,
      statusText: 'Not Found',
      ok: false,
      url: 'http://a.test/?token=***',
      attempts: 2,
      redirects: 1,
      timings: { total: 70 },
    })
    expect(response.headers).toBeInstanceOf(Headers)
    expect(response.headers.get('x-a')).toBe('1')
    expect(fullResponse(makeReply(204), call, 0).ok).toBe(true)
  })

  test('gives its body in every form, any number of times, synchronously', async () => {
    const response = fullResponse(reply, makeCall(), 0)
    for (let again = 0; again < 2; again++) {
      expect(response.json()).toEqual({ a: 1 })
      expect(response.text()).toBe('{"a":1}')
      expect(response.bytes()).toEqual(new TextEncoder().encode('{"a":1}'))
      await expect(Promise.resolve(response.json())).resolves.toEqual({ a: 1 })
      await expect(Promise.resolve(response.text())).resolves.toBe('{"a":1}')
    }
  })

  test('throws a ParseError with the position if its body is not JSON', () => {
    const response = fullResponse(makeReply(200, {}, '[1,x]'), makeCall(), 0)
    try {
      response.json()
      expect.unreachable()
    } catch (error) {
      expect(isParseError(error)).toBe(true)
      expect(error).toMatchObject({ code: 'parse/json', method: 'GET', message: expect.stringContaining('position 3') })
    }
  })

  test('decodes text by its charset', () => {
    const latin = { ...makeReply(200, { 'content-type': 'text/plain; charset=latin1' }), body: new Uint8Array([0xe4]) }
    expect(fullResponse(latin, makeCall(), 0).text()).toBe('ä')
  })
})

describe('Bytes', () => {
  test('are a plain Uint8Array, even if they came as a Buffer', () => {
    const bytes = compactBytes(Buffer.from('abc'))
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
    expect(bytes).toEqual(new Uint8Array([97, 98, 99]))
    expect(Object.getPrototypeOf(compactBytes(Buffer.alloc(10_000)))).toBe(Uint8Array.prototype)
  })

  test('that are a small part of a large buffer do not keep it alive', () => {
    const large = new Uint8Array(1_000_000).fill(7)
    const bytes = compactBytes(large.subarray(10, 20))
    expect(bytes).toEqual(new Uint8Array(10).fill(7))
    expect(bytes.buffer.byteLength).toBe(10)
  })

  test('that are all of their buffer are not copied', () => {
    const large = new Uint8Array(1_000_000)
    expect(compactBytes(large).buffer).toBe(large.buffer)
  })
})
