/** Rows of CSV and TSV as people and programs write them: line ends, quotes, headers, encodings, line numbers. */
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { CSV, TSV, bitByBit, readTable } from './read.ts'
import { tableOf } from '../../../src/cli/input/rows.ts'

describe('A row', () => {
  test.each([
    ['one LF in a file of CRLF', 'id,n\r\n1,a\r\n2,b\n3,c\r\n'],
    ['LF after the header, CRLF after the rows', 'id,n\n1,a\r\n2,b\r\n3,c'],
    ['CR alone', 'id,n\r1,a\r2,b\r3,c\r'],
    ['one of each', 'id,n\r1,a\n2,"b"\r\n3,c'],
  ])('may end with a different line end than the other rows: %s', async (_what, text) => {
    const rows = [
      [2, ['1', 'a']],
      [3, ['2', 'b']],
      [4, ['3', 'c']],
    ]
    expect(await readTable(text)).toEqual({ columns: ['id', 'n'], rows, refused: undefined })
    expect(await readTable(bitByBit(text))).toEqual({ columns: ['id', 'n'], rows, refused: undefined })
  })

  test('from a pipe is delivered when its line ends, not with the next row', async () => {
    const pipe = new PassThrough()
    pipe.write('id\n')
    const { rows } = await tableOf(pipe, 'x', CSV)
    const reading = rows[Symbol.asyncIterator]()
    const next = async (): Promise<unknown> => {
      for (;;) {
        const { value } = await reading.next()
        if (value.length > 0) return value
      }
    }
    for (const [at, end] of ['\n', '\r\n', '\r', '\n'].entries()) {
      pipe.write(`${at}${end}`)
      expect(await next()).toEqual([{ row: { id: String(at) }, line: at + 2 }])
    }
    pipe.destroy()
    await once(pipe, 'close')
  })

  test('may have quotes inside an unquoted cell', async () => {
    expect((await readTable('id,n\n1,5" disk\n2,a "b" c\n3,"d ""e"""\n')).rows).toEqual([
      [2, ['1', '5" disk']],
      [3, ['2', 'a "b" c']],
      [4, ['3', 'd "e"']],
    ])
  })

  test.each([
    ['text after a closing quote', '"5" disk', 'expected the end of the cell after its closing quote, got more text.'],
    ['blanks before a quote', ' "a"', 'expected a quote at the beginning of its cell, got blanks before it.'],
    ['a blank after a closing quote', '"a" ', 'expected the end of the cell after its closing quote, got more text.'],
    ['a cell too many', 'a,b', 'expected 2 cells, got 3.'],
  ])('with ambiguous quotes fails alone: %s', async (_what, cell, problem) => {
    const { rows, refused } = await readTable(`id,n\n1,a\n2,${cell}\n3,c\n`)
    expect([rows, refused]).toEqual([
      [
        [2, ['1', 'a']],
        [3, expect.stringContaining(problem)],
        [4, ['3', 'c']],
      ],
      undefined,
    ])
  })

  test('with an unclosed quote ends the reading with the line of the quote, after the rows before it', async () => {
    const { rows, refused } = await readTable('id,n\n1,a\n2,\n3,"b\n4,c\n')
    expect(rows).toEqual([
      [2, ['1', 'a']],
      [3, ['2', '']],
    ])
    expect(refused).toBe('x:4: expected a quote that closes the cell, got the end of the input.')
  })

  test('has the number of its first line, also after blank lines, multi-line cells and every kind of line end', async () => {
    const text = '\n  \nid,n\n\n1,"a\nb\r\nc\rd"\n \t \n2,e\r\n\r\n3,f\r\r4,g'
    expect((await readTable(text)).rows).toEqual([
      [5, ['1', 'a\nb\r\nc\rd']],
      [10, ['2', 'e']],
      [12, ['3', 'f']],
      [14, ['4', 'g']],
    ])
  })

  test('may consist of an empty quoted cell, but a blank line is not a row', async () => {
    expect((await readTable('id\n""\n   \n" "\n\t\n')).rows).toEqual([
      [2, ['']],
      [4, [' ']],
    ])
  })

  test('longer than the limit ends the reading with its line, quoted or not, in one chunk or in many', async () => {
    const maxLine = 10
    for (const [text, more] of [
      ['id,n\n1,a\n2,bbbbbbbbbbbbbbb\n', ''],
      ['id,n\n1,a\n2,"bbbb\nbbbbbbbbbb\n', ' Is a quote missing?'],
    ] as const) {
      for (const pieces of [text, bitByBit(text)]) {
        const { rows, refused } = await readTable(pieces, { maxLine })
        expect([rows, refused]).toEqual([
          [[2, ['1', 'a']]],
          `x:3: expected a row of at most 10 B, got a longer one. Raise --max-line if that is intended.${more}`,
        ])
      }
    }
  })
})

describe('A header', () => {
  test.each([
    ['sep=;', { columns: ['id', 'n'], rows: [[3, ['1', 'a,b']]] }],
    ['"sep=;"', { columns: ['id', 'n'], rows: [[3, ['1', 'a,b']]] }],
    ['SEP=;\r', { columns: ['id', 'n'], rows: [[3, ['1', 'a,b']]] }],
  ])('may follow a line that names the separator: %s', async (first, read) => {
    const text = `${first}\nid;n\n1;a,b\n`
    expect(await readTable(text)).toEqual({ ...read, refused: undefined })
    expect(await readTable(bitByBit(text))).toEqual({ ...read, refused: undefined })
    expect(await readTable(text, { delimiter: ';', isFixed: true })).toEqual({ ...read, refused: undefined })
  })

  test('after a sep= line that contradicts the flag is refused', async () => {
    const { refused } = await readTable('sep=;\nid;n\n', { isFixed: true })
    expect(refused).toContain("x:1: expected the delimiter of the flags, got a line 'sep=;'. Leave out one of the two.")
  })

  test('may end with empty cells, and a row with a cell below one of them fails', async () => {
    const { columns, rows } = await readTable('id,n,, \n1,a,,\n2,b\n3,c,,d\n4,e,,,\n')
    expect([columns, rows]).toEqual([
      ['id', 'n'],
      [
        [2, ['1', 'a']],
        [3, ['2', 'b']],
        [4, 'expected nothing in column 4, which has no name, got a cell. Name it.'],
        [5, 'expected 2 cells, got 5. Quote those that hold a comma.'],
      ],
    ])
  })

  test.each([
    [',,\n1,2,3\n', 'x:1: expected a header with the names of the columns, got empty cells.'],
    ['\n\na,b,a\n', "x:3: expected columns with different names, got 'a' twice."],
    ['a,"b"c\n', 'x:1: expected the end of the cell after its closing quote'],
    ['\n \n', 'x: expected a header with the names of the columns, got nothing.'],
  ])('that is invalid is refused: %j', async (text, why) => {
    expect((await readTable(text)).refused).toContain(why)
  })
})

describe('Tab-separated values', () => {
  test('have no quotes and no escapes', async () => {
    expect((await readTable('id\tn\n1\t"Smith, John"\n2\t"\n3\tC:\\new\n', TSV)).rows).toEqual([
      [2, ['1', '"Smith, John"']],
      [3, ['2', '"']],
      [4, ['3', 'C:\\new']],
    ])
  })

  test('with quoted column names are refused, and the message says how to read them', async () => {
    const text = '"id"\t"n"\n1\t"a\tb"\n'
    expect((await readTable(text, TSV)).refused).toContain('Add --format csv --delimiter tab.')
    expect((await readTable(text, { ...TSV, hasQuotes: true })).rows).toEqual([[2, ['1', 'a\tb']]])
  })
})

describe('Bytes', () => {
  const LATIN = Buffer.from('id,n\n1,a\n2,M\xfcller\n3,c\n', 'latin1')

  test('that are not UTF-8 end the reading with their line, after the rows before it', async () => {
    for (const pieces of [[LATIN], [...LATIN].map(byte => Buffer.from([byte]))]) {
      const { rows, refused } = await readTable(pieces)
      expect([rows, refused]).toEqual([
        [[2, ['1', 'a']]],
        'x:3: expected UTF-8, got invalid bytes. Name the encoding, for example --encoding windows-1252.',
      ])
    }
    expect((await readTable(LATIN, { encoding: 'windows-1252' })).rows[1]).toEqual([3, ['2', 'Müller']])
  })

  test('that end in the middle of a character are not UTF-8, but U+FFFD itself is', async () => {
    const cut = Buffer.from('id\n1\n\u20ac').subarray(0, -1)
    expect((await readTable(cut)).refused).toContain('x:3: expected UTF-8')
    expect((await readTable('id\n\uFFFD\n')).rows).toEqual([[2, ['\uFFFD']]])
  })

  test('that are invalid in the given encoding end the reading with their line', async () => {
    const bytes = Buffer.from([...Buffer.from('id\n1\n'), 0x81, 0x20, 0x0a])
    expect((await readTable(bytes, { encoding: 'shift_jis' })).refused).toBe(
      'x:3: expected text in shift_jis, got invalid bytes. Name the right encoding with --encoding.',
    )
  })

  test('with a byte-order mark are read as UTF-16 or UTF-8, whatever encoding is given', async () => {
    const le = Buffer.from('\uFEFFid,n\r\n1,ü€😀\r\n', 'utf16le')
    const be = Buffer.from(le).swap16()
    const utf8 = Buffer.from('\uFEFFid,n\r\n1,ü€😀\r\n')
    for (const bytes of [le, be, utf8]) {
      const expected = { columns: ['id', 'n'], rows: [[2, ['1', 'ü€😀']]], refused: undefined }
      expect(await readTable(bytes)).toEqual(expected)
      expect(await readTable([...bytes].map(byte => Buffer.from([byte])))).toEqual(expected)
      expect(await readTable(bytes, { encoding: 'windows-1252' })).toEqual(expected)
    }
  })

  test('that are zero are refused', async () => {
    const { rows, refused } = await readTable('id\n1\n\0\n')
    expect([rows, refused]).toEqual([
      [[2, ['1']]],
      'x:3: expected text, got NUL characters. If it is UTF-16, add --encoding utf-16le.',
    ])
  })
})
