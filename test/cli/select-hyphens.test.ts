/** Members with a hyphen in `--select`, which JMESPath would read as a difference. */
import { describe, expect, test } from 'vitest'
import { readSelection } from '../../src/cli/output/select.ts'

describe('A name with a hyphen in --select', () => {
  test.each([
    ['total-count', '"total-count"'],
    ['n: total-count', '"total-count"'],
    ['meta.total-count', '"total-count"'],
    ['items[?total-count > `1`].id', '"total-count"'],
    ['{n: x-request-id}', '"x-request-id"'],
    ['address-2', '"address-2"'],
    ['length(a-b)', '"a-b"'],
    ['stars, total-count', '"total-count"'],
  ])('is refused, and the message quotes it: %s', (path, quoted) => {
    expect(() => readSelection(path)).toThrow(`expected a name with a hyphen in quotes, got ${quoted.slice(1, -1)}.`)
    expect(() => readSelection(path)).toThrow(`Write ${quoted} with its quotes`)
  })

  test.each([
    ['total-count', 'total - count'],
    ['address-2', 'address - `2`'],
    ['a-2-b', 'a - `2` - b'],
  ])('is refused, and the message shows how to write the difference: %s', (path, difference) => {
    expect(() => readSelection(path)).toThrow(`or ${difference} for the difference.`)
    expect(() => readSelection(difference)).not.toThrow()
  })

  test('selects that member if it is quoted, and names its column', () => {
    const { parts, of } = readSelection('"total-count", stars')
    expect(parts.map(({ name }) => name)).toEqual(['total-count', 'stars'])
    expect(of({ 'total-count': 3, total: 1, count: 1, stars: 2 })).toEqual({ 'total-count': 3, stars: 2 })
  })

  test.each([
    ['total - count', 2],
    ["join('-', ['a-b', 'c'])", 'a-b-c'],
    ['`"a-b"`', 'a-b'],
    ['list[-1]', 2],
    ['list[0:-1] | [0]', 1],
    ['total-name: total', 3],
  ])('is not suspected where JMESPath has no difference: %s', (path, value) => {
    const found = readSelection(path).of({ total: 3, count: 1, list: [1, 2] })
    expect(path.startsWith('total-name') ? (found as Record<string, unknown>)['total-name'] : found).toEqual(value)
  })
})
