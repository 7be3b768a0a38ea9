/** JSON with numbers that a double cannot hold. */
import { describe, expect, test } from 'vitest'
import { asDoubles, keepIntegers, mapRaw, parseAnswer, parseAsWritten } from '../../src/core/exact-json.ts'
import { fc } from '../support/property.ts'

/** Any number of the JSON grammar, as text. */
const written = fc.stringMatching(/^-?(?:0|[1-9]\d{0,40})(?:\.\d{1,40})?(?:[eE][+-]?\d{1,4})?$/)

describe('parseAsWritten and mapRaw', () => {
  test('write every number as it was read, wherever it stands', () => {
    fc.assert(
      fc.property(fc.array(written), fc.string(), (numbers, name) => {
        const text = `{"a":[${numbers.join(',')}],${JSON.stringify(`b${name}`)}:{"c":${numbers[0] ?? 'null'}}}`
        expect(JSON.stringify(parseAsWritten(text))).toBe(text)
      }),
    )
  })

  test('read a number as a number if a double writes it the same', () => {
    for (const text of ['0', '-1', '9007199254740991', '0.1', '123.25', '1000000']) {
      expect(parseAsWritten(text)).toBe(Number(text))
    }
  })

  test('map kept numbers at any depth to texts or to doubles', () => {
    const read = parseAsWritten('{"a":[1e2,{"b":1.0}],"c":"1.0","d":null}')
    expect(mapRaw(read, String)).toEqual({ a: ['1e2', { b: '1.0' }], c: '1.0', d: null })
    expect(mapRaw(read, Number)).toEqual({ a: [100, { b: 1 }], c: '1.0', d: null })
  })
})

describe('parseAnswer', () => {
  const TEXT = '{"id":12345678901234567890,"same":9007199254740992,"f":0.12345678901234567890}'

  test('returns doubles by default, and keeps integers that would be rounded after keepIntegers()', () => {
    expect(parseAnswer(TEXT)).toEqual(JSON.parse(TEXT))
    keepIntegers()
    const kept = parseAnswer(TEXT)
    expect(JSON.stringify(kept)).toBe('{"id":12345678901234567890,"same":9007199254740992,"f":0.12345678901234568}')
    expect(asDoubles(kept)).toEqual(JSON.parse(TEXT))
  })

  test('writes any integer back unchanged, even one that a double holds but writes differently', () => {
    keepIntegers()
    for (const text of ['9223372036854775808', '-9223372036854775808', '36028797018963968', '1000000000000000000000']) {
      expect(JSON.stringify(parseAnswer(text))).toBe(text)
    }
    const powers = fc.tuple(fc.bigInt({ min: -99n, max: 99n }), fc.integer({ min: 0, max: 1_000 }))
    fc.assert(
      fc.property(powers, ([factor, power]) => {
        const text = String(factor * 2n ** BigInt(power))
        expect(JSON.stringify(parseAnswer(text))).toBe(text)
      }),
    )
  })

  test('keeps integers at every position that JSON allows', () => {
    keepIntegers()
    const id = '9223372036854775808'
    for (const text of [id, `-${id}`, ` ${id} `, `[${id}]`, `[1,\n\t-${id}]`, `{"a":${id}}`, `{"a": -${id}}`]) {
      expect(JSON.stringify(parseAnswer(text))).toBe(text.replaceAll(/\s/g, ''))
    }
  })

  test('still parses JSON that is nested too deep for a reviver', () => {
    keepIntegers()
    const deep = `${'['.repeat(50_000)}12345678901234567890${']'.repeat(50_000)}`
    expect(parseAnswer(deep)).toHaveLength(1)
  })
})
