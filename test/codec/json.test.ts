/** JSON bodies: which may be empty, and where an invalid one breaks. */
import { describe, expect, test } from 'vitest'
import { jsonErrorPosition } from '../../src/codec/json-position.ts'
import { parseJson } from '../../src/codec/json.ts'
import { makeReply } from '../support/calls.ts'
import { fc } from '../support/property.ts'
import { figure } from '../support/figure.ts'

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values)

describe('an empty body', () => {
  test.each([
    ['GET', 200, 'parse/empty'],
    ['GET', 203, 'parse/empty'],
    ['QUERY', 200, 'parse/empty'],
    ['GET', 201, null],
    ['GET', 202, null],
    ['GET', 204, null],
    ['GET', 205, null],
    ['HEAD', 200, null],
    ['POST', 200, null],
    ['PUT', 200, null],
    ['PATCH', 200, null],
    ['DELETE', 200, null],
    ['OPTIONS', 200, null],
  ])('of %s with %d is %j', (method, status, expected) => {
    const parsed = parseJson(makeReply(status), { method })
    if (expected === null) expect(parsed).toEqual({ value: null })
    else expect(parsed).toMatchObject({ code: expected, sent: true, message: expect.stringContaining(String(status)) })
  })
})

describe('A body', () => {
  test.each<[string, unknown]>([
    ['{"a":[1,2.5e3,true,null]}', { a: [1, 2_500, true, null] }],
    ['  7\n', 7],
    ['"ä€😀"', 'ä€😀'],
    ['\ufeff{"bom":1}', { bom: 1 }],
    ['null', null],
  ])('%j is read as its value', (text, value) => {
    expect(parseJson(makeReply(200, {}, text), { method: 'GET' })).toEqual({ value })
  })

  test('is parsed whatever the content type says', () => {
    expect(parseJson(makeReply(200, { 'content-type': 'text/html' }, '1'), { method: 'GET' })).toEqual({ value: 1 })
  })

  test('with the key `__proto__` gets a property of that name, and no new prototype', () => {
    const parsed = parseJson(makeReply(200, {}, '{"__proto__":{"polluted":1}}'), { method: 'GET' }) as { value: object }
    expect(Object.keys(parsed.value)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(parsed.value)).toBe(Object.prototype)
  })

  test('that looks like one of our own faults is a value', () => {
    const text = '{"kind":"fault","code":"x/y"}'
    expect(parseJson(makeReply(200, {}, text), { method: 'GET' })).toEqual({ value: { kind: 'fault', code: 'x/y' } })
  })

  test('nested deeper than the limit is parse/too_deep, and brackets in strings do not count', () => {
    const nested = (levels: number, inner = '1'): string => `${'['.repeat(levels)}${inner}${']'.repeat(levels)}`
    const ask = (text: string, max?: number) => parseJson(makeReply(200, {}, text), { method: 'GET' }, max)
    expect(ask(nested(1_000))).toHaveProperty('value')
    expect(ask(nested(1_001))).toMatchObject({ code: 'parse/too_deep', sent: true })
    expect(ask(nested(4_500))).toMatchObject({
      message: expect.arrayContaining([{ option: 'maxJsonDepth' }]) as unknown,
    })
    expect(ask('{"a":'.repeat(1_001) + '1' + '}'.repeat(1_001))).toMatchObject({ code: 'parse/too_deep' })
    expect(ask(nested(4_500), Infinity)).toHaveProperty('value')
    expect([ask('[[1]]', 1), ask('[1]', 1), ask('1', 1)]).toMatchObject([{ code: 'parse/too_deep' }, {}, { value: 1 }])
    const text = JSON.stringify(['[{'.repeat(3_000), '"[', '\\', '\\"', ']', { '[{"': '\\\\' }])
    expect(ask(text, 2)).toEqual({ value: JSON.parse(text) as unknown })
    expect(ask(text, 1)).toMatchObject({ code: 'parse/too_deep' })
    expect(ask(`[${nested(3)},${nested(3)}]`, 4)).toHaveProperty('value')
  })

  test.each(['[', '{"a":'])('nested 200,000 deep in %j and incomplete is a fault, not a crash', opening => {
    const parsed = parseJson(makeReply(200, {}, opening.repeat(200_000)), { method: 'GET' })
    expect(parsed).toMatchObject({ code: 'parse/json' })
  })

  test('in UTF-16 is read as JSON if it has a byte-order mark', () => {
    const marked = { ...makeReply(), body: bytes(0xff, 0xfe, 0x31, 0) }
    expect(parseJson(marked, { method: 'GET' })).toEqual({ value: 1 })
    const unmarked = { ...makeReply(), body: bytes(0x31, 0) }
    expect(parseJson(unmarked, { method: 'GET' })).toMatchObject({ code: 'parse/json' })
  })

  test('that is not JSON is reported with position, status, length and its first 200 characters only', () => {
    const text = `{"a": position 99}${' '.repeat(300)}end`
    const parsed = parseJson(makeReply(200, {}, text), { method: 'GET' })
    expect(parsed).toMatchObject({ code: 'parse/json', cause: expect.any(SyntaxError) })
    const { message } = parsed as { message: string }
    expect(message).toContain(`at position 6 (status 200, ${text.length} bytes): "{\\"a\\": position 99}`)
    expect(message).not.toContain('end')
  })
})

describe('jsonErrorPosition', () => {
  test.each([
    ['', 0],
    [' ', 1],
    ['abc', 0],
    ['position 99', 0],
    ['[1,2,x]', 5],
    ['[1,2', 4],
    ['[1 2]', 3],
    ['[1,]', 3],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ["{'a':1}", 1],
    ['{"a":1', 6],
    ['{"a"', 4],
    ['{', 1],
    ['tru', 3],
    ['truE', 3],
    ['nul]', 3],
    ['true false', 5],
    ['[01]', 2],
    ['-', 1],
    ['-x', 1],
    ['1.', 2],
    ['1.x', 2],
    ['1e', 2],
    ['1e+', 3],
    ['"a', 2],
    ['"a\nb"', 2],
    ['"\\x"', 2],
    ['"\\u12g4"', 5],
    ['"\\u12', 5],
    ['"a\\', 3],
    ['<html>', 0],
    ['{}]', 2],
    ['[}', 1],
    ['NaN', 0],
    ['\u00a01', 0],
  ])('finds %j invalid at %d', (text, at) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
    expect(jsonErrorPosition(text)).toBe(at)
  })

  test('agrees with the platform wherever its message names a position', () => {
    const insert = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom(...'{}[],:"\\0123-.eE+tfn \nx'.split('')))
      .map(([json, at, char]) => {
        const from = at % (json.length + 1)
        return at % 3 === 0 ? json.slice(0, from) : `${json.slice(0, from)}${char}${json.slice(from + (at % 2))}`
      })
    let compared = 0
    fc.assert(
      fc.property(insert, text => {
        let message: string
        try {
          JSON.parse(text)
          return
        } catch (error) {
          message = (error as Error).message
        }
        const named =
          /in JSON at position (\d+)/.exec(message)?.[1] ?? /after JSON at position (\d+)/.exec(message)?.[1]
        if (/Unexpected end/.test(message)) expect(jsonErrorPosition(text), text).toBe(text.length)
        else if (named !== undefined) {
          compared++
          expect(jsonErrorPosition(text), `${text} ${message}`).toBe(Number(named))
        } else expect(jsonErrorPosition(text)).toBeLessThan(text.length)
      }),
      { numRuns: 2_000 },
    )
    expect(compared).toBeGreaterThan(100)
  })

  figure.each(['[1,', '"', '{"a":"b",', '1', '\\', '"\\u0041'])(
    'reads megabytes of %j in linear time, without a deep stack.',
    piece => {
      const text = `"${piece.repeat(2_000_000 / piece.length)}`
      const startedAtMs = performance.now()
      jsonErrorPosition(text)
      jsonErrorPosition(text.slice(1))
      expect(performance.now() - startedAtMs).toBeLessThan(1_000)
    },
  )
})
