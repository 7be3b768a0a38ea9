import { describe, expect, it } from 'vitest'
import { requestNumber } from '../../../src/client/run/request-number.ts'
import type { Call } from '../../../src/core/call.ts'

const call = (method: string, origin: string, path: string, body?: string | Uint8Array): Call =>
  ({ method, origin, path, url: `${origin}${path}`, body }) as unknown as Call

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const A = 'https://a.test'
const B = 'https://b.test'
const DIFFERENT = [
  call('GET', A, '/1'),
  call('GET', A, '/2'),
  call('GET', B, '/1'),
  call('GET', 'http://a.test', '/1'),
  call('GET', `${A}:8443`, '/1'),
  call('POST', A, '/1'),
  call('POST', A, '/1', 'page=2'),
  call('POST', A, '/1', bytes('page=3')),
  call('POST', B, '/1', 'page=2'),
]

describe('the number of a request', () => {
  it('differs by method, origin, path and body', () => {
    expect(new Set(DIFFERENT.map(requestNumber)).size).toBe(DIFFERENT.length)
  })

  it('is the same for the same request, whatever was numbered in between', () => {
    const first = DIFFERENT.map(requestNumber)
    expect(DIFFERENT.toReversed().map(requestNumber)).toEqual(first.toReversed())
  })
})
