/** Elements of a JSON array: where they begin and end, their lines, and what is refused. */
import { describe, expect, test } from 'vitest'
import { bitByBit, readElements } from './read.ts'

const ARRAY =
  '\uFEFF[\n  {"url": "http://a/]},\\"{", "n": [1, {"b": []}]},\r\n  "http://b/\\\\", 12.50 , null\n, [ ] ]\n'

describe('An element', () => {
  test.each([ARRAY, bitByBit(ARRAY)])(
    'is the text between two commas, with the line that it begins in',
    async input => {
      expect(await readElements(input)).toEqual({
        lines: [
          [2, '{"url": "http://a/]},\\"{", "n": [1, {"b": []}]}'],
          [3, '"http://b/\\\\"'],
          [3, '12.50'],
          [3, 'null'],
          [4, '[ ]'],
        ],
        refused: undefined,
      })
    },
  )

  test('longer than the limit is reported once, and the elements after it are read', async () => {
    const long = [1, 'expected an element of at most 3 B, got a longer one. Raise --max-line if that is intended.']
    for (const pieces of ['["abcdef",1]', bitByBit('["abcdef",1]')]) {
      expect(await readElements(pieces, { maxLine: 3 })).toEqual({ lines: [long, [1, '1']], refused: undefined })
    }
  })
})

describe('An array', () => {
  test.each(['[]', ' [ \n ] \n'])('without elements has none: %j', async text => {
    expect(await readElements(text)).toEqual({ lines: [], refused: undefined })
  })

  test.each([
    ['', 0, 'x:1: expected a JSON array of requests, got the end of the input.'],
    ['{"a":1}\n{}', 0, "x:1: expected a JSON array of requests, got '{'. One request per line is --format jsonl."],
    ['[1,\n]', 1, "x:2: expected a request of the array, got ']'."],
    ['[,1]', 0, "x:1: expected a request of the array, got ','."],
    ['[1\n 2]', 1, "x:2: expected a comma or the end of the array, got '2'."],
    ['["a" "b"]', 1, `x:1: expected a comma or the end of the array, got '"'.`],
    ['[1,\n{"a":\n1', 1, 'x:3: expected the rest of the element that begins in line 2, got the end of the input.'],
    ['[1', 0, 'x:1: expected the rest of the element that begins in line 1, got the end of the input.'],
    ['[1,', 1, 'x:1: expected a request of the array, got the end of the input.'],
    ['[1]]', 1, "x:1: expected nothing after the array, got ']'."],
    ['[1]\n[2]', 1, "x:2: expected nothing after the array, got '['."],
  ])('that is none ends the reading, after the elements in front of the mistake: %j', async (text, read, message) => {
    for (const pieces of [text, bitByBit(text)]) {
      const { lines, refused } = await readElements(pieces)
      expect([lines.length, refused]).toEqual([read, expect.stringContaining(message)])
    }
  })
})
