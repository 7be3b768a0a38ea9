import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { anyText, fc } from '../support/property.ts'
import { describe, expect, it } from 'vitest'
import { csv } from '../../src/sinks/index.ts'
import type { CsvOptions } from '../../src/sinks/index.ts'
import { failedOutcome, freshFolder, okOutcome, writeTo } from './outcomes.ts'

async function written(options: CsvOptions, ...outcomes: Parameters<typeof writeTo>[1][]): Promise<string> {
  const path = join(freshFolder(), 'results.csv')
  const sink = csv(path, options)
  await Promise.all(outcomes.map(outcome => writeTo(sink, outcome)))
  await sink.close()
  return readFileSync(path, 'utf8')
}

describe('csv', () => {
  it('writes exactly these bytes', async () => {
    const text = await written(
      {},
      okOutcome(0, { name: 'a "b"', tags: [1, 2] }, { key: 'one, two' }),
      failedOutcome(1, { attempts: 4 }),
      okOutcome(2, 'line\nbreak'),
      okOutcome(3, new Uint8Array([255])),
      okOutcome(4, null),
      okOutcome(5, false),
      okOutcome(6, '=1+1'),
    )
    expect(text).toBe(
      'index,key,method,url,ok,status,attempts,error,value\n' +
        '0,"one, two",GET,https://api.example.com/items/0,true,200,1,,"{""name"":""a \\""b\\"""",""tags"":[1,2]}"\n' +
        '1,,GET,https://api.example.com/items/1,false,404,4,http/404,\n' +
        '2,,GET,https://api.example.com/items/2,true,200,1,,"line\nbreak"\n' +
        '3,,GET,https://api.example.com/items/3,true,200,1,,/w==\n' +
        '4,,GET,https://api.example.com/items/4,true,200,1,,\n' +
        '5,,GET,https://api.example.com/items/5,true,200,1,,false\n' +
        '6,,GET,https://api.example.com/items/6,true,200,1,,=1+1\n',
    )
  })

  it('writes the requested columns in their order, built-in fields and functions', async () => {
    const name = 'stars, "all"'
    const text = await written(
      {
        columns: [
          'id',
          'totalMs',
          'bytes',
          { name, value: ({ value }) => (value as { stars: number } | undefined)?.stars },
          'message',
        ],
      },
      okOutcome(0, { stars: 7 }),
      failedOutcome(1, { key: 'one' }),
    )
    expect(text).toBe(
      'id,totalMs,bytes,"stars, ""all""",message\n' +
        '#0,12.3,17,7,\n' +
        'k:one,7,2,,"GET https://api.example.com/items/1: status 404, said ""no"""\n',
    )
  })

  it('without quotes writes tab-separated values and escapes only what a cell cannot hold', async () => {
    const text = await written(
      { columns: ['index', 'value'], delimiter: '\t', quotes: false },
      okOutcome(0, 'a "b", c'),
      okOutcome(1, 'tab\tline\r\nbreak'),
      okOutcome(2, 'C:\\new'),
      okOutcome(3, null),
    )
    expect(text).toBe('index\tvalue\n0\ta "b", c\n1\ttab\\tline\\r\\nbreak\n2\tC:\\new\n3\t\n')
    expect(() => csv('x.csv', { quotes: false })).toThrow('quotes: expected true with this delimiter, got false.')
  })

  it('is read back unchanged, whatever the text', async () => {
    const path = join(freshFolder(), 'results.csv')
    const texts = fc.array(anyText(), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 3 }), async (values, width) => {
        const names = ['a', 'b', 'c'].slice(0, width)
        const columns = names.map(name => ({ name, value: ({ value }: { value?: unknown }) => value }))
        const sink = csv(path, { columns, overwrite: true })
        await Promise.all(values.map((value, index) => writeTo(sink, okOutcome(index, value.toWellFormed()))))
        await sink.close()
        const rows = parse(readFileSync(path), { relax_column_count: false })
        expect(rows).toEqual([names, ...values.map(value => names.map(() => value.toWellFormed()))])
      }),
      { numRuns: 60 },
    )
  })

  it('writes dates as ISO 8601, big integers in full, and other values as JSON', async () => {
    const cells = [new Date(0), new Date(NaN), 2n ** 70n, [1, null], undefined, NaN]
    const columns = cells.map((cell, at) => ({ name: String(at), value: () => cell }))
    expect(await written({ columns }, okOutcome(0, 1))).toBe(
      '0,1,2,3,4,5\n1970-01-01T00:00:00.000Z,,1180591620717411303424,"[1,null]",,NaN\n',
    )
  })

  it.each([
    [
      'throws',
      (): never => expect.fail('my mistake'),
      /column odd: expected a value, got an error from its function \(my mistake\)/,
    ],
    [
      'answers with a promise',
      () => Promise.reject(new Error('unheard')),
      /column odd: expected a value, got a promise/,
    ],
    ['answers with a cycle', (): unknown => Object.assign([], { 0: globalThis }), /expected what JSON can hold/],
  ])('rejects the row whose column %s, and keeps the others', async (_what, odd, message) => {
    const path = join(freshFolder(), 'results.csv')
    const sink = csv(path, { columns: ['index', { name: 'odd', value: ({ index }) => (index === 1 ? odd() : index) }] })
    const [first, second, third] = await Promise.allSettled([0, 1, 2].map(index => writeTo(sink, okOutcome(index, 0))))
    await sink.close()
    expect([first?.status, third?.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(second).toMatchObject({
      reason: { name: 'RowError', index: 1, message: expect.stringMatching(message) as string },
    })
    expect(readFileSync(path, 'utf8')).toBe('index,odd\n0,0\n2,2\n')
  })

  it('quotes a single empty cell, which readers would skip as an empty line', async () => {
    expect(await written({ columns: ['key'] }, okOutcome(0, 1), okOutcome(1, 1, { key: 'a' }))).toBe('key\n""\na\n')
  })

  it('writes the header of a run without outcomes', async () => {
    expect(await written({ columns: ['url'] })).toBe('url\n')
  })

  it('appends to a file with the same columns without repeating the header', async () => {
    const path = join(freshFolder(), 'results.csv')
    for (const index of [0, 1]) {
      const sink = csv(path, { columns: ['index', 'ok'], append: true })
      await sink.write(okOutcome(index, 'x'))
      await sink.close()
    }
    expect(readFileSync(path, 'utf8')).toBe('index,ok\n0,true\n1,true\n')
  })

  it('begins a new file with a byte-order mark if asked to, and appends to it without another one', async () => {
    const path = join(freshFolder(), 'results.csv')
    for (const index of [0, 1]) {
      const sink = csv(path, { columns: ['index', 'ok'], append: true, bom: true })
      await writeTo(sink, okOutcome(index, null))
      await sink.close()
    }
    expect(readFileSync(path, 'utf8')).toBe('\uFEFFindex,ok\n0,true\n1,true\n')
  })

  it('refuses to append to a file with other columns', () => {
    const path = join(freshFolder(), 'results.csv')
    writeFileSync(path, 'index,stars\n0,7\n')
    expect(() => csv(path, { append: true })).toThrow(
      'csv: expected a file with the header "index,key,method,url,ok,status,attempts,error,value", got "index,stars". Give the same columns, or another file.',
    )
    expect(readFileSync(path, 'utf8')).toBe('index,stars\n0,7\n')
  })

  it.each([
    ['statsu', /csv\.columns\[1\]: expected one of index, .*, got "statsu"\. Did you mean 'status'\?/],
    ['index', /csv\.columns\[1\]: expected names that differ, got "index" twice/],
    [{ name: 'x' }, /csv\.columns\[1\]: expected one of .*, or \{ name, value \}, got an object/],
    ['constructor', /csv\.columns\[1\]: expected one of/],
    [null, /csv\.columns\[1\]: expected one of .* got null/],
  ])('refuses the column %j before it opens a file', (column, message) => {
    const path = join(freshFolder(), 'missing', 'results.csv')
    expect(() => csv(path, { columns: ['index', column as never] })).toThrow(message)
  })

  it('refuses an empty list of columns', () => {
    expect(() => csv('x.csv', { columns: [] })).toThrow('csv.columns: expected an array of columns, got an array of 0.')
  })
})
