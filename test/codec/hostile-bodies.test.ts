import { describe, expect, it } from 'vitest'
import { ask, verdictOf } from '../support/ask.ts'
import type { AskOptions } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { Outcome, RequestSpec } from '../../src/index.ts'

async function read(
  body: string | Uint8Array,
  spec: Partial<RequestSpec> = {},
  { status = '200 OK', type = 'application/json' } = {},
  options: AskOptions = {},
): Promise<Outcome> {
  await using server = await rawServer(
    answering(connection => connection.reply(body, { status, headers: `Content-Type: ${type}\r\n` })),
  )
  return await ask({ returnType: 'json', ...spec, url: server.origin }, options)
}

describe('a body that is not valid JSON', () => {
  it.each([
    ['{"a":', 5],
    ['{"a":1}x', 7],
    ['<html>', 0],
    ['NaN', 0],
  ])('%j is parse/json with its position and a prefix', async (body, position) => {
    const outcome = await read(body)
    expect(verdictOf(outcome)).toBe('parse/json')
    expect(outcome.error?.message).toContain(`position ${position}`)
    expect(outcome.error?.message).toContain('status 200')
    expect(outcome.error?.response?.status).toBe(200)
  })

  it('shows at most 200 characters of itself in the message', async () => {
    const outcome = await read('x'.repeat(100_000))
    expect(outcome.error?.message.length).toBeLessThan(500)
  })

  it('in UTF-16 is parse/json as well, because JSON is UTF-8', async () => {
    expect(verdictOf(await read(Buffer.from('{"a":1}', 'utf16le')))).toBe('parse/json')
  })

  it('nested 200,000 levels deep ends in one outcome', async () => {
    const depth = 200_000
    expect(verdictOf(await read('['.repeat(depth)))).toBe('parse/json')
    expect(verdictOf(await read('['.repeat(depth) + ']'.repeat(depth)))).toBe('parse/too_deep')
  })
})

describe('JSON', () => {
  it('may begin with a byte-order mark', async () => {
    expect((await read('\ufeff{"a":1}')).value).toEqual({ a: 1 })
  })

  it('with the key __proto__ changes no prototype', async () => {
    const { value } = await read('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.hasOwn(value as object, '__proto__')).toBe(true)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it.each([
    ['GET', '200 OK', 'parse/empty'],
    ['GET', '201 Created', null],
    ['GET', '202 Accepted', null],
    ['GET', '204 No Content', null],
    ['GET', '205 Reset Content', null],
    ['POST', '200 OK', null],
    ['DELETE', '200 OK', null],
  ])('may be empty in an answer to %s with %s: %j', async (method, status, expected) => {
    const outcome = await read('', { method }, { status })
    if (expected === null) expect(outcome).toMatchObject({ ok: true, value: null })
    else expect(verdictOf(outcome)).toBe(expected)
  })
})

describe('text', () => {
  const text = (body: Uint8Array, charset?: string) =>
    read(body, { returnType: 'text' }, { type: `text/plain${charset === undefined ? '' : `; charset=${charset}`}` })

  it.each([
    ['its charset', Buffer.from([0x63, 0x61, 0x66, 0xe9]), 'iso-8859-1', 'café'],
    ['its charset in quotes', Buffer.from([0x63, 0x61, 0x66, 0xe9]), '"windows-1252"', 'café'],
    ['UTF-8 without one', Buffer.from('café'), undefined, 'café'],
    ['a byte-order mark before its charset', Buffer.from('\ufeffcafé', 'utf16le'), 'utf-8', 'café'],
  ])('is decoded by %s', async (_what, body, charset, expected) => {
    const outcome = await text(body, charset)
    expect(outcome.value).toBe(expected)
    expect(outcome.warnings).toEqual([])
  })

  it('that does not match its charset is decoded all the same, with a warning', async () => {
    const outcome = await text(Buffer.from([0x61, 0xff, 0x62]), 'utf-8')
    expect(outcome.value).toBe('a\ufffdb')
    expect(outcome.warnings).toHaveLength(1)
    const unknown = await text(Buffer.from('abc'), 'klingon')
    expect(unknown.value).toBe('abc')
    expect(unknown.warnings[0]).toContain('klingon')
  })
})
