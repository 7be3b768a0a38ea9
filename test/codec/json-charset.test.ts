import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))
const utf16 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(`\ufeff${text}`, 'utf16le'))

async function read(returnType: 'json' | 'auto' | 'response', type: string, body: Uint8Array) {
  const transport = mockTransport(() => ({ headers: { 'content-type': type }, body }))
  await using client = new ParallelRequests({ transport, maxRetries: 0 })
  const outcome = await client.request('http://a.example/', { returnType, onFailure: 'settle' })
  const value: unknown = outcome.ok ? outcome.value : outcome.error.code
  return {
    value: returnType === 'response' ? (value as { json(): unknown }).json() : value,
    warnings: outcome.warnings,
  }
}

describe.each(['json', 'auto', 'response'] as const)('JSON as %s', returnType => {
  test.each([
    ['the charset that is declared', 'application/json; charset=iso-8859-1', latin1('{"name":"José"}')],
    ['a byte-order mark', 'application/json', utf16('{"name":"José"}')],
    ['UTF-8 otherwise', 'application/json', Uint8Array.from(Buffer.from('{"name":"José"}'))],
  ])('is decoded by %s', async (_what, type, body) => {
    expect(await read(returnType, type, body)).toEqual({ value: { name: 'José' }, warnings: [] })
  })

  test('that really contains U+FFFD gets no warning', async () => {
    const body = Uint8Array.from(Buffer.from('{"name":"\uFFFD"}'))
    expect(await read(returnType, 'application/json', body)).toEqual({ value: { name: '\uFFFD' }, warnings: [] })
  })

  test('with bytes that are not UTF-8 gets the same warning as text', async () => {
    expect(await read(returnType, 'application/json', latin1('{"name":"José"}'))).toEqual({
      value: { name: 'Jos\uFFFD' },
      warnings: ['some bytes are not utf-8; they read as U+FFFD'],
    })
  })

  test('in an unknown charset gets the same warning as text', async () => {
    expect(await read(returnType, 'application/json; charset=klingon', latin1('{"a":1}'))).toEqual({
      value: { a: 1 },
      warnings: ['unknown charset "klingon", read as UTF-8'],
    })
  })
})

test('a hook that reads the JSON first adds no second warning', async () => {
  const body = latin1('{"name":"José"}')
  const transport = mockTransport(() => ({ headers: { 'content-type': 'application/json' }, body }))
  await using client = new ParallelRequests({
    transport,
    hooks: { afterResponse: (_response, context) => void context.json() },
  })
  const outcome = await client.request('http://a.example/', { returnType: 'json', onFailure: 'settle' })
  expect(outcome.warnings).toHaveLength(1)
})

test.each([
  ['json', null],
  ['auto', null],
  ['text', ''],
])('a 304 that the caller accepts has no body to parse: %s', async (returnType, value) => {
  const transport = mockTransport(() => ({ status: 304 }))
  await using client = new ParallelRequests({ transport, acceptStatus: status => status === 304 })
  const outcome = await client.request('http://a.example/', { returnType: returnType as 'json', onFailure: 'settle' })
  expect(outcome.ok ? outcome.value : outcome.error.code).toBe(value)
})
