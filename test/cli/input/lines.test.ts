/** Lines of lists and of JSON lines: line ends, maximum length and line numbers. */
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { bitByBit, readLines } from './read.ts'
import { linesOf } from '../../../src/cli/input/lines.ts'

describe('A line', () => {
  test('ends with LF, CRLF or CR, and has its number', async () => {
    const text = 'a\nb\r\n\r\nc\rd\n\ne'
    const lines = [
      [1, 'a'],
      [2, 'b'],
      [3, ''],
      [4, 'c'],
      [5, 'd'],
      [6, ''],
      [7, 'e'],
    ]
    expect(await readLines(text)).toEqual({ lines, refused: undefined })
    expect(await readLines(bitByBit(text))).toEqual({ lines, refused: undefined })
  })

  test('longer than the limit is reported once, and the lines after it are read', async () => {
    const long = [2, 'expected a line of at most 3 B, got a longer one. Raise --max-line if that is intended.']
    for (const pieces of [
      'ab\nabcd\r\nabc\n',
      bitByBit('ab\nabcd\r\nabc\n'),
      ['ab\nabc', 'd', 'efgh', 'ij\r', '\nabc'],
    ]) {
      expect(await readLines(pieces, { maxLine: 3 })).toEqual({
        lines: [[1, 'ab'], long, [3, 'abc']],
        refused: undefined,
      })
    }
  })

  test('without an end is reported as soon as it exceeds the limit', async () => {
    const endless = (function* () {
      for (;;) yield Buffer.alloc(1_000, 'a')
    })()
    const reading = linesOf(Readable.from(endless), 'x', { encoding: undefined, maxLine: 10_000 })
    let told: readonly unknown[] = []
    let pieces = 0
    while (told.length === 0 && pieces < 20) {
      pieces++
      told = (await reading.next()).value ?? []
    }
    expect([pieces, told]).toEqual([11, [{ problem: expect.stringContaining('--max-line') as string, line: 1 }]])
    await reading.return()
  })

  test('that is not UTF-8 ends the reading with its number, after the lines before it', async () => {
    const bytes = Buffer.from('a\nb\nM\xfcller\nc\n', 'latin1')
    const refused = expect.stringContaining('x:3: expected UTF-8, got invalid bytes.') as string
    expect(await readLines(bytes)).toEqual({
      lines: [
        [1, 'a'],
        [2, 'b'],
      ],
      refused,
    })
    expect((await readLines(bytes, { encoding: 'windows-1252' })).lines[2]).toEqual([3, 'Müller'])
  })
})
