/** JSON whose numbers are more than a double holds. */
import { describe, expect, test } from 'vitest'
import { asDoubles, keepIntegers, mapRaw, parseAnswer, parseAsWritten } from '../../src/core/exact-json.ts'
import { fc } from '../support/property.ts'

/** Any number that JSON allows, as it may be written. */
const written = fc.stringMatching(/^-?(?:0|[1-9]\d{0,40})(?:\.\d{1,40})?(?:[eE][+-]?\d{1,4})?$/)

describe('Numbers', () => {
  test('are written as they were, whatever they are and wherever.', () => {
    fc.assert(
      fc.property(fc.array(written), fc.string(), (numbers, name) => {
        const text = `{"a":[${numbers.join(',')}],${JSON.stringify(`b${name}`)}:{"c":${numbers[0] ?? 'null'}}}`
        expect(JSON.stringify(parseAsWritten(text))).toBe(text)
      }),
    )
  })

  test('that a double writes alike are numbers.', () => {
    for (const text of ['0', '-1', '9007199254740991', '0.1', '123.25', '1000000']) {
      expect(parseAsWritten(text)).toBe(Number(text))
    }
  })

  test('become texts or doubles, however deep.', () => {
    const read = parseAsWritten('{"a":[1e2,{"b":1.0}],"c":"1.0","d":null}')
    expect(mapRaw(read, String)).toEqual({ a: ['1e2', { b: '1.0' }], c: '1.0', d: null })
    expect(mapRaw(read, Number)).toEqual({ a: [100, { b: 1 }], c: '1.0', d: null })
  })
})

describe('An answer', () => {
  const TEXT = '{"id":12345678901234567890,"same":9007199254740992,"f":0.12345678901234567890}'

  test('has numbers, unless integers are to be kept; then those that would be rounded are.', () => {
    expect(parseAnswer(TEXT)).toEqual(JSON.parse(TEXT))
    keepIntegers()
    const kept = parseAnswer(TEXT)
    expect(JSON.stringify(kept)).toBe('{"id":12345678901234567890,"same":9007199254740992,"f":0.12345678901234568}')
    expect(asDoubles(kept)).toEqual(JSON.parse(TEXT))
  })

  test('gives back any integer, also one that a double holds and writes in other digits.', () => {
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

  test('gives it back wherever JSON may have it.', () => {
    keepIntegers()
    const id = '9223372036854775808'
    for (const text of [id, `-${id}`, ` ${id} `, `[${id}]`, `[1,\n\t-${id}]`, `{"a":${id}}`, `{"a": -${id}}`]) {
      expect(JSON.stringify(parseAnswer(text))).toBe(text.replaceAll(/\s/g, ''))
    }
  })

  test('that is nested too deep for it is still read.', () => {
    keepIntegers()
    const deep = `${'['.repeat(50_000)}12345678901234567890${']'.repeat(50_000)}`
    expect(parseAnswer(deep)).toHaveLength(1)
  })
})
